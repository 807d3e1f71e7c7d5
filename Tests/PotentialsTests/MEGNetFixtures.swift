import Crystals
import Foundation
import Potentials

/// The reference values under `Tests/Fixtures/physics/megnet`, and the published weights, which are not in the clone.
enum MEGNetFixtures {
    struct Prediction: Decodable {
        struct Gap: Decodable {
            let status: String
            let edges: Int?
            /// eV, of each fidelity
            let reference: [Double]?

            private enum CodingKeys: String, CodingKey {
                case status
                case edges = "n_edges"
                case reference = "f64"
            }
        }

        struct FormationEnergy: Decodable {
            let status: String
            let edges: Int?
            /// eV/atom
            let reference: Double?

            private enum CodingKeys: String, CodingKey {
                case status
                case edges = "n_edges"
                case reference = "f64"
            }
        }

        let id: String
        let gap: Gap
        let formationEnergy: FormationEnergy

        private enum CodingKeys: String, CodingKey {
            case id
            case gap = "band_gap"
            case formationEnergy = "formation_energy_per_atom"
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func predictions() throws -> [Prediction] {
        let file = root.appending(path: "Tests/Fixtures/physics/megnet/predictions.json")
        return try JSONDecoder().decode([Prediction].self, from: Data(contentsOf: file))
    }

    /// The folder of published models beside the clone, or beside a folder that it is in; nil where there is none.
    static let models: URL? = {
        var folder = root
        while folder.pathComponents.count > 1 {
            folder = folder.deletingLastPathComponent()
            let models = folder.appending(path: "shared/models")
            if FileManager.default.fileExists(atPath: models.appending(path: "megnet-eform").path) { return models }
        }
        return nil
    }()

    static let absence: String = "the published MEGNet weights are not in ../shared/models; they may not be shipped"

    static func gap(predicting wanted: [String]? = nil) throws -> MEGNet {
        try MEGNet(contentsOf: models?.appending(path: "megnet-bandgap-mfi") ?? root, predicting: wanted)
    }

    static func formationEnergy() throws -> MEGNet {
        try MEGNet(contentsOf: models?.appending(path: "megnet-eform") ?? root)
    }
}

extension MEGNet {
    /// The predictions of one structure by a new evaluator.
    func predict(_ structure: Structure) throws -> [Double] {
        try makeEvaluator().predict([structure])[0].get().map(\.value)
    }
}

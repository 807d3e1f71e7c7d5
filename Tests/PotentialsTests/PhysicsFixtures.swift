import Crystals
import Foundation
import Potentials

/// The structures and reference values under `Tests/Fixtures/physics`.
enum PhysicsFixtures {
    /// The embedded model, read once for all tests.
    static let model = Result { try CHGNet.embedded() }

    /// The published versions, read once for all tests.
    static let models = Dictionary(
        uniqueKeysWithValues: CHGNet.Version.allCases.map { version in
            (version, version == .v030 ? model : Result { try CHGNet.embedded(version) })
        })

    /// What the reference gives for a structure.
    struct Prediction: Decodable {
        struct Values: Decodable {
            let energyPerAtom: Double
            let siteEnergies: [Double]
            let forces: [[Double]]
            /// GPa
            let stress: [[Double]]
            let moments: [Double]

            private enum CodingKeys: String, CodingKey {
                case energyPerAtom = "energy_per_atom"
                case siteEnergies = "site_energies"
                case forces, stress
                case moments = "magmoms"
            }
        }

        struct Rounding: Decodable {
            let energyPerAtom: Double
            let forces: Double
            let stress: Double
            let moments: Double

            private enum CodingKeys: String, CodingKey {
                case energyPerAtom = "energy_per_atom"
                case forces, stress
                case moments = "magmoms"
            }
        }

        let id: String
        let status: String
        let edges: Int?
        let bonds: Int?
        let angles: Int?
        let atomMargin: Double?
        let bondMargin: Double?
        let reference: Values?
        let rounding: Rounding?

        private enum CodingKeys: String, CodingKey {
            case id, status
            case edges = "n_directed_edges"
            case bonds = "n_undirected_edges"
            case angles = "n_angles"
            case atomMargin = "margin_atom_cutoff"
            case bondMargin = "margin_bond_cutoff"
            case reference = "f64"
            case rounding = "max_abs_f32_minus_f64"
        }
    }

    private struct Record: Decodable {
        let id: String
        let lattice: [[Double]]
        let species: [String]
        let positions: [[Double]]

        private enum CodingKeys: String, CodingKey {
            case id, lattice, species
            case positions = "frac_coords"
        }
    }

    static func structures() throws -> [String: Structure] {
        let records = try JSONDecoder().decode([Record].self, from: data("structures/structures.json"))
        return Dictionary(
            uniqueKeysWithValues: records.map { record in
                let vectors = record.lattice.map { SIMD3($0[0], $0[1], $0[2]) }
                let structure = Structure(
                    cell: Cell(a: vectors[0], b: vectors[1], c: vectors[2]),
                    elements: record.species.compactMap { Element(symbol: $0) },
                    fractionalCoordinates: record.positions.map { SIMD3($0[0], $0[1], $0[2]) }, id: record.id)
                return (record.id, structure)
            })
    }

    static func predictions(_ version: CHGNet.Version = .v030) throws -> [Prediction] {
        try JSONDecoder().decode([Prediction].self, from: data("chgnet/predictions-\(version.rawValue).json"))
    }

    /// A table of crystals, one of each space group that the training data have.
    static let crystalOfEachSpaceGroup = fixtures.appending(path: "crystals/crystal-of-each-space-group.csv.gz").path()

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private static func data(_ path: String) throws -> Data {
        try Data(contentsOf: fixtures.appending(path: "physics").appending(path: path))
    }
}

extension PotentialEvaluator {
    /// What was asked for of one structure.
    func evaluate(
        _ structure: Structure, _ properties: PotentialProperties
    ) throws(PotentialError) -> PotentialEvaluation {
        guard let result = evaluate([structure], properties).first else { throw .emptyStructure }
        return try result.get()
    }

    /// The energy per atom of one structure, eV/atom.
    func energyPerAtom(of structure: Structure) throws(PotentialError) -> Double {
        try evaluate(structure, .energy).energyPerAtom
    }
}

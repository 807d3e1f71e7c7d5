import Crystals
import Foundation
import Potentials
import StructureFiles
import Testing

/// The published models against matgl's numbers.
@Suite(.enabled(if: MEGNetFixtures.models != nil, Comment(rawValue: MEGNetFixtures.absence)))
struct MEGNetTests {
    private let structures: [String: Structure]
    private static let gaps = ["band_gap", "band_gap_gllbsc", "band_gap_hse", "band_gap_scan"]

    init() throws { structures = try PhysicsFixtures.structures() }

    @Test func gaps_ofEveryFixture_areTheReferences() throws {
        let model = try MEGNetFixtures.gap(predicting: Self.gaps)
        #expect(
            model.predictions.map(\.name) == Self.gaps && model.predictions.map(\.unit) == ["eV", "eV", "eV", "eV"])
        let evaluator = model.makeMEGNetEvaluator()
        for expected in try MEGNetFixtures.predictions() {
            let structure = try #require(structures[expected.id])
            let result = evaluator.predict([structure])[0]
            guard let reference = expected.gap.reference else {
                #expect(throws: PotentialError.self, "\(expected.id)") { try result.get() }
                continue
            }
            #expect(try evaluator.makeGraph(of: structure).edgeCount == expected.gap.edges, "\(expected.id)")
            for (value, known) in zip(try result.get().map(\.value), reference) {
                #expect(abs(value - known) < 2e-4, "\(expected.id)")
            }
        }
    }

    @Test func formationEnergies_ofEveryFixture_areTheReferences() throws {
        let model = try MEGNetFixtures.formationEnergy()
        #expect(model.predictions == [.init(name: "megnet_formation_energy_per_atom", unit: "eV/atom")])
        let evaluator = model.makeMEGNetEvaluator()
        for expected in try MEGNetFixtures.predictions() {
            let structure = try #require(structures[expected.id])
            let result = evaluator.predict([structure])[0]
            guard let reference = expected.formationEnergy.reference else {
                #expect(throws: PotentialError.self, "\(expected.id)") { try result.get() }
                continue
            }
            #expect(try evaluator.makeGraph(of: structure).edgeCount == expected.formationEnergy.edges)
            #expect(abs(try result.get()[0].value - reference) < 1e-5, "\(expected.id)")
        }
    }

    /// What cannot be predicted is told by its reason, and leaves the others of the batch alone.
    @Test func predict_ofStructuresThatTheModelCannotTake_namesTheReason() throws {
        let model = try MEGNetFixtures.formationEnergy()
        let batch = try ["po-sc", "nacl", "cs-bcc", "isolated-partly"].map { try #require(structures[$0]) }
        let results = model.makeEvaluator().predict(batch)
        #expect(results[0] == .failure(.unknownElement(symbol: "Po", atom: 0, potential: "MEGNet-MP-2018.6.1-Eform")))
        #expect(results[2] == .failure(.noNeighbours(cutoff: 4)))
        #expect(try results[1].get()[0].value == model.predict(batch[1])[0])
        #expect(try results[3].get()[0].value.isFinite == true)
    }

    /// One atom of 27 moved apart: no class is left, so the whole graph and its classes differ in nothing but rounding.
    @Test func predictions_onClasses_areThoseOfTheWholeGraph() throws {
        for model in [try MEGNetFixtures.gap(), try MEGNetFixtures.formationEnergy()] {
            var whole = model
            whole.mergesEquivalent = false
            for id in ["nacl", "srtio3", "uo2", "si-diamond", "mg-hcp", "lafeo3-cubic", "val-0364", "isolated-partly"] {
                let structure = try #require(structures[id])
                let (merged, separate) = (try model.predict(structure)[0], try whole.predict(structure)[0])
                #expect(abs(merged - separate) < 1e-5, "\(id): \(merged) and \(separate)")
            }
        }
    }

    /// Both numbers are intensive.
    @Test func predictions_ofASupercell_areThoseOfTheCell() throws {
        let cell = try #require(structures["perov-18250"])
        var double = cell
        double.cell.b = 2 * cell.cell.b
        double.elements += cell.elements
        double.fractionalCoordinates = [0.0, 0.5].flatMap { shift in
            cell.fractionalCoordinates.map { SIMD3($0.x, $0.y / 2 + shift, $0.z) }
        }
        for model in [try MEGNetFixtures.gap(), try MEGNetFixtures.formationEnergy()] {
            #expect(abs(try model.predict(cell)[0] - model.predict(double)[0]) < 5e-6)
        }
    }

    @Test func predictions_haveTheSameBitsWhateverCameBefore() throws {
        let model = try MEGNetFixtures.gap()
        let chosen = try ["val-0364", "dense-0", "nacl", "val-0020", "trimer-h2o"].map { try #require(structures[$0]) }
        let alone = try chosen.map { try model.predict($0)[0].bitPattern }
        let evaluator = model.makeEvaluator()
        for order in [Array(chosen.indices), chosen.indices.reversed()] {
            let together = try evaluator.predict(order.map { chosen[$0] }).map { try $0.get()[0].value.bitPattern }
            #expect(together == order.map { alone[$0] })
        }
    }
}

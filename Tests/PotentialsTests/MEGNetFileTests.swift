import Base
import Crystals
import Foundation
import ModelFixtures
import Potentials
import Testing

/// Models from files, and the network against its plain description; the weights are made up.
@Suite struct MEGNetFileTests {
    private let folder: URL
    private let structures: [String: Structure]

    init() throws {
        structures = try PhysicsFixtures.structures()
        folder = FileManager.default.temporaryDirectory.appending(path: "megnet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func withModel<Value>(
        _ tiny: TinyMEGNet = TinyMEGNet(), predicting wanted: [String]? = nil, _ body: (MEGNet) throws -> Value
    ) throws -> Value {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try tiny.write(to: folder.appending(path: "model.safetensors"))
        return try body(try MEGNet(contentsOf: file, predicting: wanted))
    }

    /// A distorted cell in which no two atoms are equal, and symmetric ones.
    private var chosen: [Structure] {
        get throws {
            var distorted = try #require(structures["srtio3"])
            distorted.fractionalCoordinates[2].x += 0.03
            distorted.fractionalCoordinates[3].y -= 0.02
            return try [distorted] + ["srtio3", "nacl", "si-diamond"].map { try #require(structures[$0]) }
        }
    }

    @Test func predictions_areThoseOfThePlainDescription() throws {
        let plain = PlainMEGNet(TinyMEGNet())
        try withModel(predicting: ["band_gap", "band_gap_hse"]) { model in
            for structure in try chosen {
                let values = try model.predict(structure)
                for state in 0...1 {
                    let expected = plain.predict(structure, state: state)
                    #expect(abs(values[state] - expected) < 1e-5, "\(values[state]) instead of \(expected)")
                }
                // The states are told apart.
                #expect(abs(values[0] - values[1]) > 1e-3)
            }
        }
    }

    @Test func predictions_withAVectorAsState_areThoseOfThePlainDescription() throws {
        var tiny = TinyMEGNet()
        (tiny.isEmbedding, tiny.property, tiny.unit) = (false, "formation energy", "eV/atom")
        try withModel(tiny) { model in
            #expect(model.predictions == [.init(name: "megnet_formation_energy_per_atom", unit: "eV/atom")])
            let structure = try chosen[0]
            #expect(abs(try model.predict(structure)[0] - PlainMEGNet(tiny).predict(structure, state: 0)) < 1e-5)
        }
    }

    /// The classes change nothing but the cost.
    @Test func predictions_onClasses_areThoseOfTheWholeGraph() throws {
        try withModel { model in
            var whole = model
            whole.mergesEquivalent = false
            for structure in try chosen {
                #expect(abs(try model.predict(structure)[0] - whole.predict(structure)[0]) < 1e-5)
            }
        }
    }

    @Test func predict_ofWhatCannotBe_failsWithTheReasonAndLeavesTheOthersAlone() throws {
        try withModel { model in
            let salt = try #require(structures["nacl"])
            var apart = salt
            apart.cell = Cell(a: SIMD3(60, 0, 0), b: SIMD3(0, 60, 0), c: SIMD3(0, 0, 60))
            var empty = salt
            (empty.elements, empty.fractionalCoordinates) = ([], [])
            let copper = try #require(structures["cu-fcc"])
            let results = model.makeEvaluator().predict([copper, salt, apart, empty])
            #expect(results[0] == .failure(.unknownElement(symbol: "Cu", atom: 0, potential: "tiny-megnet")))
            #expect(results[2] == .failure(.noNeighbours(cutoff: 4)))
            #expect(results[3] == .failure(.emptyStructure))
            #expect(try results[1].get().map(\.value) == model.predict(salt))
        }
    }

    @Test func model_inAFolder_isTheSameWithItsConfigurationBesideIt() throws {
        let tiny = TinyMEGNet()
        let other = folder.appending(path: "plain")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        try Safetensors(tensors: tiny.tensors).encoded().write(to: other.appending(path: "model.safetensors"))
        let alone = #expect(throws: PotentialError.self) {
            try MEGNet(contentsOf: other.appending(path: "model.safetensors"))
        }
        #expect("\(try #require(alone))".contains("\"config\""))
        try Data(tiny.configuration.utf8).write(to: other.appending(path: "config.json"))
        let beside = try MEGNet(contentsOf: other)
        try withModel { model in
            #expect(beside.digest == model.digest && model.digest.count == 64)
            #expect(model.quantities == ["band_gap", "band_gap_hse"] && model.predictions.map(\.name) == ["band_gap"])
        }
        var second = TinyMEGNet()
        second.phase = 1
        #expect(try MEGNet(contentsOf: second.write(to: folderFile())).digest != beside.digest)
    }

    private func folderFile() throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appending(path: "second.safetensors")
    }

    @Test func model_thatIsDamagedOrOfAnotherKind_isNamedWithTheReason() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "model.safetensors")
        func problem() throws -> String {
            let error = #expect(throws: PotentialError.self) { try MEGNet(contentsOf: file) }
            return "\(try #require(error))"
        }
        #expect(try problem().contains("model.safetensors"))
        try TinyMEGNet().encoded { $0["output_proj.layers.2.bias"] = nil }.write(to: file)
        #expect(try problem().contains("output_proj.layers.2.bias"))
        var more = TinyMEGNet().tensors
        more["blocks.7.edge_func.layers.0.bias"] = more["output_proj.layers.2.bias"]
        try Safetensors(metadata: ["config": TinyMEGNet().configuration], tensors: more).encoded().write(to: file)
        #expect(try problem().contains("it holds blocks.7.edge_func.layers.0.bias, of which its configuration makes"))
        let json = TinyMEGNet().configuration
        for (old, new, words) in [
            ("\"destination\"", "\"source\"", "edge_aggregation is source"),
            ("softplus2", "relu", "activation is relu"),
            ("\"HSE\"", "\"p-be\"", "two of its fidelities are called p-be"),
            ("\"Sr\"", "\"Xx\"", "Xx"), ("\"MEGNet\"", "\"M3GNet\"", "M3GNet"), ("\"cutoff\":4", "\"cutoff\":-4", "-4"),
        ] {
            #expect(json.contains(old))
            let changed = json.replacingOccurrences(of: old, with: new)
            try Safetensors(metadata: ["config": changed], tensors: TinyMEGNet().tensors).encoded().write(to: file)
            #expect(try problem().contains(words), "\(new)")
        }
        try TinyMEGNet().write(to: file)
        let unknown = #expect(throws: PotentialError.self) { try MEGNet(contentsOf: file, predicting: ["gap"]) }
        #expect("\(try #require(unknown))".contains("band_gap, band_gap_hse"))
    }
}

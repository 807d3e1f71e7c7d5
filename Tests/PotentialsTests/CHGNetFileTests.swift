import Base
import Crystals
import Foundation
import Potentials
import Testing

@Suite struct CHGNetFileTests {
    private let original: URL
    private let folder: URL

    init() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        original = package.appending(path: "Sources/Potentials/Resources/chgnet-0.3.0/model.safetensors")
        folder = FileManager.default.temporaryDirectory.appending(path: "chgnet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Writes a changed copy of the model, hands it to `body` and removes it.
    private func withChanged(_ change: (inout Safetensors) -> Void, _ body: (URL) -> Void) throws {
        var file = try Safetensors(contentsOf: original)
        change(&file)
        let url = folder.appending(path: "model.safetensors")
        try file.encoded().write(to: url)
        body(url)
        try FileManager.default.removeItem(at: folder)
    }

    @Test func load_ofTheShippedFile_isTheEmbeddedModel() throws {
        let model = try CHGNet(contentsOf: original)
        #expect(model.name == "chgnet-0.3.0")
        #expect(model.digest == (try CHGNet.embedded()).digest)
        #expect(model.digest == "65e9d62f6232777e7fc2f0e12b56dd884809ce76788b8829c6074e71ece78f9b")
        try FileManager.default.removeItem(at: folder)
    }

    @Test func digest_ofTheSameTensorsInAnotherFile_isTheSame() throws {
        let expected = try CHGNet.embedded().digest
        try withChanged(
            { $0.metadata["comment"] = "converted again" },
            { url in #expect((try? CHGNet(contentsOf: url))?.digest == expected) })
    }

    @Test func digest_ofAnyOtherNumber_differs() throws {
        let expected = try CHGNet.embedded().digest
        try withChanged(
            { $0.tensors["mlp.layers.0.bias"]?.values[3] += 1e-3 },
            { url in
                let digest = (try? CHGNet(contentsOf: url))?.digest
                #expect(digest != nil && digest != expected)
            })
    }

    /// What the file states counts; of a version that nobody knows, energies stand on their own hull only.
    @Test func energyConvention_isTheFilesOwnOrTheVersions() throws {
        try withChanged(
            { $0.metadata["energy_convention"] = "raw-pbe" },
            { url in #expect((try? CHGNet(contentsOf: url))?.energyConvention == .rawPBE) })
    }

    @Test func energyConvention_ofAnUnknownVersion_isItsOwnHullOnly() throws {
        try withChanged(
            {
                $0.metadata["config"] = $0.metadata["config"]?
                    .replacingOccurrences(of: "\"version\": \"0.3.0\"", with: "\"version\": \"mine\"")
            },
            { url in
                let model = try? CHGNet(contentsOf: url)
                #expect(model?.name == "chgnet-mine" && model?.energyConvention == .ownHullOnly)
            })
    }

    @Test func energyConvention_thatIsNone_isRefusedWithTheChoices() throws {
        try withChanged(
            { $0.metadata["energy_convention"] = "corrected" },
            { url in
                let error = #expect(throws: PotentialError.self) { try CHGNet(contentsOf: url) }
                #expect(error?.description.contains("mp2020-corrected, raw-pbe, own-hull-only") == true)
            })
    }

    @Test func load_ofAMissingOrDamagedFile_saysWhich() throws {
        let url = folder.appending(path: "absent.safetensors")
        #expect { try CHGNet(contentsOf: url) } throws: { error in
            if case .modelUnreadable(let path, _)? = error as? PotentialError { path == url.path } else { false }
        }
        let whole = try Data(contentsOf: original)
        for length in [0, 7, 100, 30_000, whole.count - 1] {
            try whole.prefix(length).write(to: url)
            #expect("\(length) bytes") { try CHGNet(contentsOf: url) } throws: { error in
                if case .modelUnreadable? = error as? PotentialError { true } else { false }
            }
        }
        try FileManager.default.removeItem(at: folder)
    }

    @Test func load_withoutATensor_namesIt() throws {
        let name = "bond_conv_layers.1.mlp_out.layers.1.weight"
        try withChanged {
            $0.tensors[name] = nil
        } _: { url in
            let error = PotentialError.modelTensor(path: url.path, name: name, expected: [64, 64], found: nil)
            #expect(throws: error) { try CHGNet(contentsOf: url) }
        }
    }

    @Test func load_withATensorOfAnotherShape_namesBothShapes() throws {
        let name = "mlp.layers.7.weight"
        try withChanged {
            $0.tensors[name]?.shape = [64, 1]
        } _: { url in
            let error = PotentialError.modelTensor(path: url.path, name: name, expected: [1, 64], found: [64, 1])
            #expect(throws: error) { try CHGNet(contentsOf: url) }
        }
    }

    @Test(arguments: [Float.nan, .infinity]) func load_ofANumberThatIsNotFinite_namesItsTensor(number: Float) throws {
        let name = "bond_conv_layers.1.mlp_out.layers.1.weight"
        try withChanged {
            $0.tensors[name]?.values[7] = number
        } _: { url in
            let error = #expect(throws: PotentialError.self) { try CHGNet(contentsOf: url) }
            #expect(error?.description.contains("\(name) holds numbers that are not finite") == true)
        }
    }

    @Test func load_ofATensorThatNothingUses_namesIt() throws {
        try withChanged {
            $0.tensors["atom_conv_layers.0.norm.weight"] = .init(shape: [1], values: [1])
        } _: { url in
            let error = #expect(throws: PotentialError.self) { try CHGNet(contentsOf: url) }
            #expect(error?.description.contains("it holds atom_conv_layers.0.norm.weight, of which") == true)
        }
    }

    /// Of these the evaluator computes one kind alone.
    @Test(arguments: [
        ("mlp_first", "true", "false"), ("is_intensive", "true", "false"), ("update_bond", "true", "false"),
        ("composition_is_intensive", "true", "false"), ("update_angle", "true", "false"),
        ("residual", "true", "false"), ("conv_norm", "null", "\"layer\""),
        ("readout", "\"per-atom MLP, then sum\"", "\"attention\""), ("num_angular", "31", "21"),
    ])
    func load_ofAnotherKindOfPart_isRefusedByItsName(name: String, ours: String, other: String) throws {
        try withChanged { file in
            let config = file.metadata["config"] ?? ""
            file.metadata["config"] = config.replacingOccurrences(
                of: "\"\(name)\": \(ours)", with: "\"\(name)\": \(other)")
        } _: { url in
            let error = #expect(throws: PotentialError.self) { try CHGNet(contentsOf: url) }
            #expect(error?.description.contains(" \(name) is ") == true, "\(error?.description ?? "")")
        }
    }

    @Test(arguments: [
        ("\"CHGNet\"", "\"MEGNet\""), ("\"n_conv\": 4", "\"n_conv\": -4"), ("\"n_conv\": 4", "\"n_conv\": 4e99"),
        ("\"atom_fea_dim\": 64", "\"atom_fea_dim\": 32"), ("\"activation\": \"silu\"", "\"activation\": \"relu\""),
        ("\"atom_graph_cutoff\": 6.0", "\"atom_graph_cutoff\": 600"), ("{", "["), ("\"n_conv\"", "\"other\""),
    ])
    func load_ofAnotherKindOfModel_isRefused(_ edit: (String, String)) throws {
        try withChanged { file in
            let config = file.metadata["config"] ?? ""
            file.metadata["config"] = config.replacingOccurrences(of: edit.0, with: edit.1)
        } _: { url in
            #expect("\(edit)") { try CHGNet(contentsOf: url) } throws: { error in
                if case .modelUnsupported? = error as? PotentialError { true } else { false }
            }
        }
    }
}

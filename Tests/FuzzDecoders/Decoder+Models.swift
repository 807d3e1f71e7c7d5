import Base
import Configuration
import Foundation
import ModelFixtures

@testable import Policy
@testable import Potentials

// Files of tensors, and what policies and potentials take from them. The latter begin with tensors that are right, and
// with descriptions of them that may be anything.
extension Decoder {
    static let models = [
        Decoder(
            name: "safetensors", seeds: { try tensorSeeds() },
            words: ["__metadata__", "dtype", "shape", "data_offsets", "F32", "BF16", "F64", "I32", "[0,0]"],
            read: { bytes in
                let file = try Safetensors(Data(bytes))
                let again = try Safetensors(file.encoded())
                expect(again.metadata == file.metadata, "other metadata")
                expect(Set(again.tensors.keys) == Set(file.tensors.keys), "other tensors")
                // As part of a larger one: nothing may count from the start of the memory.
                let slice = (Data([1, 2, 3]) + Data(bytes)).dropFirst(3)
                expect(try Safetensors(slice).tensors.count == file.tensors.count, "other tensors of a slice")
                _ = try? PolicyWeights(encoded: Data(bytes))
            }),
        Decoder(
            name: "policy",
            seeds: {
                let config = try Seeds.file("Tests/Fixtures/policy/tiny/config.json")
                // Without what the reference writes beside the sizes.
                let sizes = try JSONDecoder().decode(PolicyConfiguration.self, from: config)
                let text = String(decoding: try JSONEncoder().encode(sizes), as: UTF8.self)
                return [text, text + border + "{\"1\":3,\"225\":4}"].map([UInt8].init(text:))
            },
            words: PolicyConfiguration().entries().map(\.path)
                + ["\n----\n", "\"01\":", "9223372036854775807", "4294967296", "8192"],
            read: readPolicy),
        Decoder(
            name: "megnet",
            seeds: {
                var constant = TinyMEGNet()
                constant.isEmbedding = false
                return [TinyMEGNet(), constant].map { [UInt8](text: $0.configuration) }
            },
            words: ["nblocks", "hidden_layer_sizes_input", "element_types", "fidelities", "default", "1024", "1e308"],
            read: { bytes in
                let file = Safetensors(metadata: ["config": bytes.text], tensors: megnetTensors)
                _ = try MEGNet(contentsOf: ScratchFile.holding([UInt8](file.encoded()), name: "m.safetensors"))
            }),
        Decoder(
            name: "chgnet",
            seeds: { [[UInt8](text: try embedded().file.metadata["config"] ?? "")] },
            words: ["atom_fea_dim", "n_conv", "num_radial", "fourier_order", "readout_hidden_dims", "1024", "1e308"],
            read: { bytes in
                let configuration = try JSONDecoder().decode(CHGNetConfiguration.self, from: Data(bytes))
                guard configuration.unsupported == nil else { return }
                _ = try CHGNetWeights(embedded().file.tensors, configuration: configuration, path: "m.safetensors")
            }),
        Decoder(
            name: "property-head",
            seeds: {
                let url = try head().url
                return [[UInt8](text: try Safetensors(contentsOf: url).metadata["head"] ?? "")]
            },
            words: ["parts", "targets", "is_logarithmic", "lowest", "leaves", "kernel", "-1", "1e308"],
            read: { bytes in
                var file = try head().file
                file.metadata["head"] = bytes.text
                let url = try ScratchFile.holding([UInt8](file.encoded()), name: "head.safetensors")
                _ = try PropertyHead(contentsOf: url, potential: embedded().model)
            }),
    ]

    private static func tensorSeeds() throws -> [[UInt8]] {
        let small = Safetensors(
            metadata: ["a": "b"],
            tensors: ["x": .init(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]), "y": .init(shape: [], values: [1])])
        let types = [("F64", 8), ("I32", 4), ("BF16", 2)].map { type, size -> [UInt8] in
            let header = Array("{\"t\":{\"dtype\":\"\(type)\",\"shape\":[2],\"data_offsets\":[0,\(2 * size)]}}".utf8)
            return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
                + [UInt8](repeating: 7, count: 2 * size)
        }
        return [[UInt8](small.encoded()), [UInt8](TinyMEGNet().encoded())] + types
    }

    private static let megnetTensors = TinyMEGNet().tensors

    /// The tensors of the tiny policy.
    private static let tiny = Result { try Safetensors(Seeds.file("Tests/Fixtures/policy/tiny/params.safetensors")) }

    private static let border = "\n----\n"

    /// A configuration, and the frequencies of space groups, around the tensors of the tiny policy.
    private static func readPolicy(_ bytes: [UInt8]) throws {
        let parts = bytes.text.components(separatedBy: border)
        _ = SpaceGroupDistribution(metadata: [SpaceGroupDistribution.metadataKey: parts.count > 1 ? parts[1] : "{}"])
        var file = try tiny.get()
        file.metadata = ["druse.policy": parts[0]]
        _ = try PolicyWeights(file)
    }

    private static let chgnet = Result {
        let url = Seeds.place("Sources/Potentials/Resources/chgnet-0.3.0/model.safetensors")
        return (file: try Safetensors(contentsOf: url), model: try CHGNet(contentsOf: url))
    }

    private static func embedded() throws -> (file: Safetensors, model: CHGNet) { try chgnet.get() }

    private static let dielectric = Result {
        let url = Seeds.place("Sources/Potentials/Resources/heads/dielectric-electronic.safetensors")
        return (url: url, file: try Safetensors(contentsOf: url))
    }

    private static func head() throws -> (url: URL, file: Safetensors) { try dielectric.get() }
}

package import Base
internal import Configuration
package import Foundation
package import Kernels

/// The parameters of a policy: one flat vector with a layout.
///
/// A value never changes once it is made; training makes a new one for each version.
package struct PolicyWeights: Sendable {
    package let layout: ParameterLayout
    /// All parameters in the order of the layout.
    package let parameters: FloatView
    /// Free-form texts that travel with the weights, such as the space groups of the training data.
    package var metadata: [String: String]

    package var configuration: PolicyConfiguration { layout.configuration }

    /// - Precondition: as many parameters as the layout has.
    package init(layout: ParameterLayout, parameters: [Float], metadata: [String: String] = [:]) {
        self.init(layout: layout, sharing: FloatBuffer(parameters).view, metadata: metadata)
    }

    /// Weights that share the memory of a view.
    ///
    /// - Precondition: as many parameters as the layout has; nobody writes them while these weights are in use.
    package init(layout: ParameterLayout, sharing parameters: FloatView, metadata: [String: String] = [:]) {
        precondition(parameters.count == layout.parameterCount)
        self.layout = layout
        self.parameters = parameters
        self.metadata = metadata
    }

    /// The numbers of one parameter.
    package func view(_ entry: ParameterLayout.Entry) -> FloatView { parameters.view(entry.offset, entry.count) }

    /// Random weights: normal with deviation 1/sqrt(inputs) for matrices (divided by sqrt(2 · layers) where they add
    /// to the residual stream), 0.5 for embeddings, zero biases.
    package init(random seed: UInt64, configuration: PolicyConfiguration) {
        let layout = ParameterLayout(configuration)
        var generator = Philox(seed: seed, domain: .initialWeights)
        var values = [Float](repeating: 0, count: layout.parameterCount)
        let residual = 1 / (2 * Double(configuration.layers)).squareRoot()
        let additive = Set(layout.blocks.flatMap { [$0.projection.weight.name, $0.contract.weight.name] })
        for entry in layout.entries {
            let scale: Double
            if entry.name.hasSuffix("_embeddings") {
                scale = 0.5
            } else if entry.name.hasSuffix("/w") {
                scale = (additive.contains(entry.name) ? residual : 1) / Double(entry.shape[0]).squareRoot()
            } else {
                scale = 0
            }
            for i in 0..<entry.count {
                let constant: Float = entry.name.hasSuffix("/scale") ? 1 : 0
                values[entry.offset + i] = scale == 0 ? constant : Float(scale * generator.normal())
            }
        }
        // The multiplicity, 1 to 192, enters the first projection as it is.
        let multiplicityRow = layout.inputs[0].weight.offset + 2 * configuration.embeddingSize * configuration.modelSize
        for i in 0..<configuration.modelSize { values[multiplicityRow + i] /= 16 }
        // Start with sharp but not extreme outputs.
        for i in 0..<layout.output.weight.count { values[layout.output.weight.offset + i] *= 0.5 }
        self.init(layout: layout, parameters: values)
    }

    // MARK: Files

    private static let configurationKey = "druse.policy"
    private static let factPrefix = "druse.fact."

    /// The weights as a safetensors file, the configuration in its metadata.
    ///
    /// - Parameter format: of the numbers; in another than float32 they are rounded (``rounded(to:)``).
    package func encoded(as format: WeightFormat = .float32) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var metadata = [Self.configurationKey: String(decoding: try encoder.encode(configuration), as: UTF8.self)]
        for (key, value) in self.metadata { metadata[Self.factPrefix + key] = value }
        let entries = Dictionary(layout.entries.map { ($0.name, $0) }) { first, _ in first }
        let writer = SafetensorsWriter(
            metadata: metadata, shapes: entries.mapValues(\.shape), halves: format == .bfloat16)
        return writer.encoded { name, data in
            guard let entry = entries[name] else { return }
            switch format {
            case .float32: view(entry).withBytes { data.append(contentsOf: $0) }
            case .bfloat16:
                view(entry).array.map { $0.brainBits.littleEndian }.withUnsafeBytes { data.append(contentsOf: $0) }
            }
        }
    }

    /// Reads a safetensors file with the configuration in its metadata.
    ///
    /// - Parameter configuration: the sizes; nil takes them from the metadata.
    package init(contentsOf url: URL, configuration: PolicyConfiguration? = nil) throws {
        let data: Data
        do { data = try Data(contentsOf: url) } catch {
            throw SafetensorsError.unreadable(url.path, FileProblem.reason(of: error))
        }
        try self.init(encoded: data, configuration: configuration)
    }

    /// Takes weights from the tensors and the metadata of a safetensors file.
    package init(_ file: Safetensors, configuration: PolicyConfiguration? = nil) throws {
        try self.init(encoded: file.encoded(), configuration: configuration)
    }

    /// Takes weights from the bytes of a safetensors file.
    ///
    /// - Parameter configuration: the sizes, which must be those of the metadata where these have any; nil takes them
    ///   from the metadata.
    package init(encoded data: Data, configuration: PolicyConfiguration? = nil) throws {
        let file = try SafetensorsReader(data)
        let own = try file.metadata[Self.configurationKey].map {
            try PolicyConfiguration(json: Data($0.utf8), from: .metadata)
        }
        if let own, let configuration, own != configuration {
            let differing = zip(own.entries(), configuration.entries()).filter { $0.value != $1.value }.map(\.0.path)
            throw PolicyError.otherSizes(differing)
        }
        guard let sizes = own ?? configuration else { throw PolicyError.missingConfiguration(Self.configurationKey) }
        if let problem = sizes.problems().first { throw PolicyError.badConfiguration(problem) }
        let layout = ParameterLayout(sizes)
        // All of them first: memory is taken for no more than the file holds.
        for entry in layout.entries {
            guard let shape = file.shape(of: entry.name) else { throw PolicyError.missingTensor(entry.name) }
            guard shape == entry.shape else {
                throw PolicyError.wrongShape(entry.name, expected: entry.shape, found: shape)
            }
        }
        let parameters = FloatBuffer(uninitialized: layout.parameterCount)
        for entry in layout.entries {
            let destination = parameters.mutableView(entry.offset, entry.count)
            if file.withFloatBytes(of: entry.name, { destination.assign(bytes: $0) }) == nil {
                destination.assign(file.values(of: entry.name) ?? [])
            }
            guard destination.view.isFinite else { throw PolicyError.notFinite(entry.name) }
        }
        var metadata: [String: String] = [:]
        for (key, value) in file.metadata where key.hasPrefix(Self.factPrefix) {
            metadata[String(key.dropFirst(Self.factPrefix.count))] = value
        }
        self.init(layout: layout, sharing: parameters.view, metadata: metadata)
    }
}

/// Why a policy cannot be read or used.
package enum PolicyError: LastingError, CustomStringConvertible, Sendable {
    case missingEmbeddedPolicy
    case missingConfiguration(String)
    case badConfiguration(String)
    /// The sizes that are given are not those in the file; the names of those that differ.
    case otherSizes([String])
    case missingTensor(String)
    case wrongShape(String, expected: [Int], found: [Int])
    case notFinite(String)
    case tooManySites(found: Int, maximum: Int)
    case wyckoffOutOfRange(spaceGroup: Int, wyckoff: Int)
    /// The network's outputs are not finite: the weights are of no use.
    case outputsNotFinite

    package var description: String {
        switch self {
        case .missingEmbeddedPolicy:
            "the base policy is not installed beside the program; build it with swift build, or give --policy FILE"
        case .missingConfiguration(let key):
            "the policy file has no configuration (metadata key \(key)); give its sizes with --policy-config"
        case .badConfiguration(let problem): "the policy's configuration cannot be used: \(problem)"
        case .otherSizes(let names):
            "the policy file's own configuration has another \(names.joined(separator: ", ")) than what is given for "
                + "it: leave --policy-config out"
        case .missingTensor(let name): "the policy file lacks the tensor \(name)"
        case .wrongShape(let name, let expected, let found): "tensor \(name) has shape \(found), expected \(expected)"
        case .notFinite(let name): "tensor \(name) holds numbers that are not finite"
        case .tooManySites(let found, let maximum):
            "the crystal has \(found) sites; this policy takes at most \(maximum)"
        case .outputsNotFinite:
            "the policy's outputs are not finite numbers, so nothing can be sampled from it; use an earlier checkpoint"
        case .wyckoffOutOfRange(let group, let wyckoff):
            "space group \(group) has no Wyckoff position number \(wyckoff)"
        }
    }
}

internal import Base
internal import Crystals
package import Foundation

/// MEGNet, a graph network for properties of crystals (Chen et al., Chemistry of Materials 31, 3564 (2019); with
/// several fidelities: Chen et al., Nature Computational Science 1, 46 (2021)), as matgl publishes it.
///
///     let model = try MEGNet(contentsOf: url)
///     for result in model.makeEvaluator().predict(structures) {
///         for prediction in try result.get() { print(prediction.name, prediction.value) }
///     }
package struct MEGNet: PropertyModel {
    package let name: String
    /// SHA-256 of the tensors (names, shapes, values) and the configuration, hexadecimal.
    package let digest: String
    /// Those asked for, in the order of the model's fidelities.
    package let predictions: [PropertyPrediction.Name]
    /// Directed pairs of atoms within the cutoff that are not yet too many.
    package var maximumEdges = CHGNet.Limits().maximumEdges
    /// Whether atoms and edges that the network cannot tell apart are computed once. Results agree with and without to
    /// rounding.
    package var mergesEquivalent = true
    let configuration: MEGNetConfiguration
    let weights: MEGNetWeights
    /// The row of `[elements, node embedding]` of each element.
    let rows: [Element: Int]
    /// The state of each prediction.
    let stateRows: [Int]

    /// The names of the files of a folder.
    static let weightsName = "model.safetensors"
    static let configurationName = "config.json"

    /// Reads a safetensors file with its configuration as JSON under `config` in the metadata, or a folder with
    /// `model.safetensors` and, where its metadata has none, `config.json`.
    ///
    /// - Parameter wanted: the quantities to predict, of ``quantities``; nil: the first.
    /// - Throws: `modelUnreadable`, `modelTensor`, `modelUnsupported`.
    package init(contentsOf url: URL, predicting wanted: [String]? = nil) throws(PotentialError) {
        let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
        let file = try ModelFile(contentsOf: isFolder ? url.appending(path: Self.weightsName) : url)
        if let json = file.metadata["config"] {
            try self.init(file, configuration: json, predicting: wanted)
            return
        }
        guard isFolder, let data = try? Data(contentsOf: url.appending(path: Self.configurationName)) else {
            throw .modelUnsupported(path: file.path, reason: "its metadata has no \"config\"")
        }
        try self.init(file, configuration: String(decoding: data, as: UTF8.self), predicting: wanted)
    }

    private init(_ file: ModelFile, configuration json: String, predicting wanted: [String]?) throws(PotentialError) {
        let configuration: MEGNetConfiguration
        do {
            configuration = try JSONDecoder().decode(MEGNetConfiguration.self, from: Data(json.utf8))
        } catch {
            throw .modelUnsupported(path: file.path, reason: "its configuration is not that of a MEGNet model")
        }
        if let reason = configuration.unsupported { throw .modelUnsupported(path: file.path, reason: reason) }
        var rows: [Element: Int] = [:]
        for (row, symbol) in configuration.elements.enumerated() {
            guard let element = Element(symbol: symbol), rows.updateValue(row, forKey: element) == nil else {
                throw .modelUnsupported(
                    path: file.path, reason: "element_types has \(symbol), which is no element or is there twice")
            }
        }
        let quantities = configuration.quantities
        if let twice = configuration.fidelityNamedTwice {
            throw .modelUnsupported(path: file.path, reason: "two of its fidelities are called \(twice)")
        }
        var states: [Int] = []
        for (state, quantity) in quantities.enumerated() where wanted?.contains(quantity) ?? (state == 0) {
            states.append(state)
        }
        if let unknown = wanted?.first(where: { !quantities.contains($0) }) {
            throw .modelUnsupported(
                path: file.path, reason: "it does not predict \(unknown), but \(quantities.joined(separator: ", "))")
        }
        guard !states.isEmpty else { throw .modelUnsupported(path: file.path, reason: "no quantity of it is named") }
        self.configuration = configuration
        self.rows = rows
        stateRows = states
        predictions = states.map { PropertyPrediction.Name(name: quantities[$0], unit: configuration.unit) }
        name = configuration.name
        weights = try MEGNetWeights(file.tensors, configuration: configuration, path: file.path)
        digest = ModelFile.digest(of: file.tensors, configuration: json)
    }

    /// All quantities that it can be asked for: one for each fidelity.
    package var quantities: [String] { configuration.quantities }

    package func makeEvaluator() -> any PropertyEvaluator { makeMEGNetEvaluator() }

    /// The same with the concrete type.
    package func makeMEGNetEvaluator() -> MEGNetEvaluator { MEGNetEvaluator(self) }
}

extension MEGNetConfiguration {
    /// What each state gives: the property's name, with the fidelity's behind all but the first.
    ///
    /// A formation energy is `megnet_formation_energy_per_atom`: the one that a run measures against its hull is
    /// another number.
    var quantities: [String] {
        let base = property == "formation energy" ? "megnet_formation_energy_per_atom" : Self.name(property)
        guard state.kind == "embedding", let fidelities = state.fidelities else { return [base] }
        return fidelities.enumerated().map { $0 == 0 ? base : "\(base)_\(Self.fidelityName($1))" }
    }

    /// A fidelity whose name another one has; nil if there is none.
    var fidelityNamedTwice: String? {
        var names: Set<String> = []
        return state.fidelities?.first { !names.insert(Self.fidelityName($0)).inserted }
    }

    private static func name(_ text: String) -> String {
        String(text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func fidelityName(_ text: String) -> String { name(text.filter { $0.isLetter || $0.isNumber }) }
}

internal import Base
package import Foundation

/// Heads as files: safetensors with the record as JSON under `head` in the metadata.
extension PropertyHead {
    /// Of the layout of files.
    private static let version = "1"

    /// A number of a head that no file can hold: not finite, or beyond the range of Float.
    package struct UnwritableNumber: Error, Hashable, CustomStringConvertible {
        /// The tensor, or the key of the record.
        package let place: String

        package var description: String { "\(place) is not finite, or too large for a file" }
    }

    /// The bytes of the file. The same head gives the same bytes.
    package func encoded() throws(UnwritableNumber) -> Data {
        try PropertyHead.file(record: record, scaling: scaling, references: references, parts: parts).encoded()
    }

    static func file(
        record: HeadRecord, scaling: FeatureScaling, references: ReferenceRows, parts: [HeadRegressor]
    ) throws(UnwritableNumber) -> Safetensors {
        var tensors: [String: Safetensors.Tensor] = [:]
        func put(_ name: String, _ values: [Float], _ shape: [Int]? = nil) {
            tensors[name] = .init(shape: shape ?? [values.count], values: values)
        }
        put("features.mean", scaling.means.map(Float.init))
        put("features.factor", scaling.factors.map(Float.init))
        put("references", references.values, [references.count, references.width])
        for (index, part) in parts.enumerated() {
            let prefix = "part.\(index)."
            switch part {
            case .ridge(let weights, let bias):
                put(prefix + "weights", weights.map(Float.init))
                put(prefix + "bias", [Float(bias)])
            case .kernel(let weights, let bias, let inverseWidth, _):
                put(prefix + "weights", weights.map(Float.init))
                put(prefix + "bias", [Float(bias)])
                put(prefix + "inverse_width", [Float(inverseWidth)])
            case .networks(let networks):
                for (member, network) in networks.enumerated() {
                    let name = prefix + "network.\(member)."
                    put(name + "first", network.first, [network.inputs, network.hidden])
                    put(name + "first_bias", network.firstBias)
                    put(name + "second", network.second)
                    put(name + "output", [network.bias, network.offset, network.scale])
                }
            }
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json: Data
        do { json = try encoder.encode(record) } catch {
            guard case EncodingError.invalidValue(_, let context)? = error as? EncodingError else {
                throw UnwritableNumber(place: "a number of its record")
            }
            let place = context.codingPath.map(\.stringValue).filter { !$0.isEmpty }.joined(separator: ".")
            throw UnwritableNumber(place: place.isEmpty ? "a number of its record" : place)
        }
        if let place = tensors.filter({ !$0.value.values.allSatisfy(\.isFinite) }).keys.min() {
            throw UnwritableNumber(place: "a number of \(place)")
        }
        return Safetensors(
            metadata: ["head": String(decoding: json, as: UTF8.self), "head_version": version], tensors: tensors)
    }

    /// Whether a file says that it is a head.
    package static func isHead(_ url: URL) -> Bool { (try? Safetensors(contentsOf: url))?.metadata["head"] != nil }

    /// Opens a head.
    /// - Parameter potential: the model of its features; nil: CHGNet 0.3.0.
    /// - Throws: `modelUnreadable` for what is damaged or missing, `modelUnsupported` for another kind of file.
    package init(contentsOf url: URL, potential: CHGNet? = nil) throws(PotentialError) {
        let path = url.path(percentEncoded: false)
        let data: Data
        let file: Safetensors
        do {
            data = try Data(contentsOf: url)
            file = try Safetensors(data)
        } catch let error as SafetensorsError {
            throw .modelUnreadable(path: path, reason: "\(error)")
        } catch {
            throw .modelUnreadable(path: path, reason: FileProblem.reason(of: error))
        }
        try self.init(file, path: path, potential: potential)
    }

    private init(_ file: Safetensors, path: String, potential: CHGNet?) throws(PotentialError) {
        guard let json = file.metadata["head"], let version = file.metadata["head_version"] else {
            throw .modelUnsupported(
                path: path,
                reason: "its metadata has no \"head\": it is no head of druse fit-property, which this place takes")
        }
        guard version == PropertyHead.version else {
            throw .modelUnsupported(
                path: path,
                reason: "its layout is version \(version), and this program reads \(PropertyHead.version): fit it "
                    + "again with druse fit-property")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let record = try? decoder.decode(HeadRecord.self, from: Data(json.utf8)) else {
            throw .modelUnreadable(path: path, reason: "its record (\"head\" in the metadata) is damaged")
        }
        guard record.features == CrystalFeatures.layout else {
            throw .modelUnsupported(
                path: path,
                reason: "it reads features \"\(record.features)\", and this program gives \(CrystalFeatures.layout)")
        }
        let model: CHGNet
        if let potential { model = potential } else { model = try CHGNet.embedded() }
        guard model.digest == record.potentialDigest else {
            throw .modelUnsupported(
                path: path,
                reason: "it was fitted on features of another \(record.potential) "
                    + "(\(record.potentialDigest.prefix(12)), not \(model.digest.prefix(12)))")
        }
        let reader = HeadReader(tensors: file.tensors, path: path)
        let width = CrystalFeatures.count
        let rows = try reader.matrix("references", columns: width)
        guard record.parts.count == record.targets.count, !record.parts.isEmpty else {
            throw .modelUnreadable(path: path, reason: "its record does not say what its parts are")
        }
        var parts: [HeadRegressor] = []
        for (index, part) in record.parts.enumerated() {
            parts.append(try reader.part(index, part, references: rows.count))
        }
        let scaling = FeatureScaling(
            means: try reader.values("features.mean", count: width).map(Double.init),
            factors: try reader.values("features.factor", count: width).map(Double.init))
        do throws(UnwritableNumber) {
            try self.init(
                record: record, scaling: scaling,
                references: ReferenceRows(count: rows.count, width: width, values: rows.values),
                parts: parts, potential: model)
        } catch { throw .modelUnreadable(path: path, reason: "\(error)") }
    }
}

/// Takes the tensors of a head and checks them.
private struct HeadReader {
    let tensors: [String: Safetensors.Tensor]
    let path: String

    func problem(_ reason: String) -> PotentialError { .modelUnreadable(path: path, reason: reason) }

    private func tensor(_ name: String) throws(PotentialError) -> Safetensors.Tensor {
        guard let tensor = tensors[name] else { throw problem("it lacks \(name)") }
        guard tensor.values.allSatisfy(\.isFinite) else { throw problem("\(name) holds numbers that are not finite") }
        return tensor
    }

    func values(_ name: String, count: Int) throws(PotentialError) -> [Float] {
        let tensor = try tensor(name)
        guard tensor.shape == [count] else { throw problem("\(name) has shape \(tensor.shape), not [\(count)]") }
        return tensor.values
    }

    func matrix(_ name: String, columns: Int) throws(PotentialError) -> (count: Int, values: [Float]) {
        let tensor = try tensor(name)
        guard tensor.shape.count == 2, tensor.shape[1] == columns, tensor.shape[0] > 0 else {
            throw problem("\(name) has shape \(tensor.shape), not [rows, \(columns)]")
        }
        return (tensor.shape[0], tensor.values)
    }

    func part(_ index: Int, _ part: HeadRecord.Part, references: Int) throws(PotentialError) -> HeadRegressor {
        let prefix = "part.\(index)."
        switch part.kind {
        case .ridge:
            let weights = try tensor(prefix + "weights")
            guard [CrystalFeatures.meanCount, CrystalFeatures.count].contains(weights.values.count) else {
                throw problem("\(prefix)weights has shape \(weights.shape)")
            }
            return .ridge(
                weights: weights.values.map(Double.init), bias: Double(try values(prefix + "bias", count: 1)[0]))
        case .kernel:
            guard let weighting = part.weighting.flatMap(CrystalFeatures.Weighting.init(rawValue:)) else {
                throw .modelUnsupported(
                    path: path, reason: "its kernel has the unknown weighting \"\(part.weighting ?? "")\"")
            }
            return .kernel(
                weights: try values(prefix + "weights", count: references).map(Double.init),
                bias: Double(try values(prefix + "bias", count: 1)[0]),
                inverseWidth: Double(try values(prefix + "inverse_width", count: 1)[0]), weighting: weighting)
        case .network:
            var networks: [HeadNetwork] = []
            while tensors[prefix + "network.\(networks.count).first"] != nil || networks.isEmpty {
                networks.append(try network(prefix + "network.\(networks.count)."))
            }
            return .networks(networks)
        }
    }

    private func network(_ prefix: String) throws(PotentialError) -> HeadNetwork {
        let first = try tensor(prefix + "first")
        guard first.shape.count == 2, [CrystalFeatures.meanCount, CrystalFeatures.count].contains(first.shape[0]) else {
            throw problem("\(prefix)first has shape \(first.shape)")
        }
        let hidden = first.shape[1]
        let output = try values(prefix + "output", count: 3)
        return HeadNetwork(
            inputs: first.shape[0], hidden: hidden, first: first.values,
            firstBias: try values(prefix + "first_bias", count: hidden),
            second: try values(prefix + "second", count: hidden), bias: output[0], offset: output[1], scale: output[2])
    }
}

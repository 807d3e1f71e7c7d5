internal import Base
package import Foundation
package import Potentials

/// Opens the models of properties that a command or a configuration names.
///
/// A name may say which of a model's quantities are wanted: `gap.safetensors:band_gap,band_gap_hse`.
package enum PropertySource {
    /// The models that come with the program.
    package static let names = PropertyHead.Embedded.allCases.map(\.rawValue)

    /// - Parameter text: one of ``names``, else a model's file or folder; `:QUANTITY,...` may follow.
    /// - Throws: ``ModelError``.
    package static func load(_ text: String) throws(ModelError) -> any PropertyModel {
        let name = PropertyName(text)
        return try load(place: name.place, quantities: name.quantities)
    }

    /// - Parameters:
    ///   - place: one of ``names``, a file or a folder.
    ///   - quantities: those wanted; nil: the model's usual ones.
    static func load(place: String, quantities: [String]?) throws(ModelError) -> any PropertyModel {
        if let name = PropertyHead.Embedded(rawValue: place) {
            let embedded: PropertyHead
            do throws(PotentialError) { embedded = try .embedded(name) } catch { throw ModelError("\(error)") }
            return try checked(embedded, place: place, quantities: quantities)
        }
        guard FileManager.default.fileExists(atPath: place) else {
            let known = names.isEmpty ? "" : "name \(names.joined(separator: ", ")) or "
            throw ModelError(
                "there is no model of a property and no file \(place): \(known)give a model file (.safetensors) or "
                    + "its folder")
        }
        let file = PropertyFile(URL(filePath: place))
        if file.isUnconverted {
            throw ModelError(
                "\(place) holds a model of matgl: convert it with Scripts/convert-megnet \(place) -o MODEL.safetensors")
        }
        let model: any PropertyModel
        do throws(PotentialError) {
            // Kinds of models are told apart by what their files say: a further one comes in here.
            if PropertyHead.isHead(file.url) {
                model = try PropertyHead(contentsOf: file.url)
            } else {
                model = try MEGNet(contentsOf: file.url, predicting: quantities)
            }
        } catch {
            let text = error.description
            throw ModelError(text.contains(file.url.path) ? text : "\(place): \(text)")
        }
        guard let head = model as? PropertyHead else { return model }
        return try checked(head, place: place, quantities: quantities)
    }
}

extension PropertySource {
    /// A head predicts one quantity, so no other can be wanted.
    private static func checked(
        _ head: PropertyHead, place: String, quantities: [String]?
    ) throws(ModelError) -> PropertyHead {
        if let quantities, quantities != [head.record.name] {
            throw ModelError(
                "\(place) predicts \(head.record.name) alone, not \(quantities.joined(separator: ", "))")
        }
        return head
    }

    /// New evaluators that give what the models predict, all heads by one: they share the features of a crystal.
    package static func evaluators(of models: [any PropertyModel]) -> [any PropertyEvaluator] {
        let heads = models.compactMap { $0 as? PropertyHead }
        let others = models.filter { !($0 is PropertyHead) }.map { $0.makeEvaluator() }
        return heads.isEmpty ? others : others + [PropertyHeads(heads).makeEvaluator()]
    }
}

/// What a configuration names as a model of properties.
package struct PropertyName: Sendable, Hashable {
    /// One of ``PropertySource/names``, a file or a folder.
    package let place: String
    /// The quantities wanted; nil: the model's usual ones.
    package let quantities: [String]?

    /// What follows the last colon are quantities if it is made of lower-case names alone.
    package init(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else {
            (place, quantities) = (text, nil)
            return
        }
        let tail = text[text.index(after: colon)...]
        let isNames =
            !tail.isEmpty
            && tail.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_" || $0 == ",") }
        place = isNames ? String(text[..<colon]) : text
        quantities = isNames ? tail.split(separator: ",").map(String.init) : nil
    }

    /// Whether it comes with the program.
    package var isEmbedded: Bool { PropertySource.names.contains(place) }
}

/// A model's file or folder.
package struct PropertyFile {
    let url: URL

    package init(_ url: URL) { self.url = url }

    private var isFolder: Bool { (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true }

    private func holds(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: url.appending(path: name).path)
    }

    /// Whether it is a folder of matgl's as it is published.
    var isUnconverted: Bool { isFolder && !holds("model.safetensors") && holds("state.pt") }

    /// One file with all of the model, as a run keeps it and reward workers pull it.
    ///
    /// - Throws: ``ModelError`` if it cannot be read.
    package func contents() throws(ModelError) -> (name: String, data: Data) {
        do {
            guard isFolder else { return (url.lastPathComponent, try Data(contentsOf: url)) }
            let data = try Data(contentsOf: url.appending(path: "model.safetensors"))
            let name = url.lastPathComponent + ".safetensors"
            var file = try Safetensors(data)
            if file.metadata["config"] != nil { return (name, data) }
            let json = try Data(contentsOf: url.appending(path: "config.json"))
            file.metadata["config"] = String(decoding: json, as: UTF8.self)
            return (name, file.encoded())
        } catch {
            throw ModelError("cannot read \(url.path): \(FileProblem.reason(of: error))")
        }
    }
}

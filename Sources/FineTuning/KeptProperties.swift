internal import Archive
internal import Configuration
internal import Engines
internal import Foundation
internal import Potentials
internal import Trajectories

/// The models of properties of a run: those that come with the program, or files of which the run's directory keeps
/// copies.
struct KeptProperties: Sendable {
    /// The folder of the copies.
    let inputs: URL
    /// The names in the run's configuration.
    let names: [String]

    private static func stem(_ index: Int) -> String { "property-\(index + 1)" }

    /// What a new run keeps, by its place in the run's directory.
    ///
    /// - Throws: ``ModelError`` for a file that cannot be read.
    static func contents(of names: [String]) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for (index, text) in names.enumerated() {
            let name = PropertyName(text)
            if name.isEmbedded { continue }
            let file = try PropertyFile(URL(filePath: name.place)).contents()
            let type = file.name.split(separator: ".").dropFirst().last.map { ".\($0)" } ?? ""
            contents["\(RunDirectory.inputsName)/\(stem(index))\(type)"] = file.data
        }
        return contents
    }

    /// What they are, from the copies.
    func standard() throws -> PropertyStandard {
        try PropertyStandard(
            names.enumerated().map { index, text in
                guard let copy = copy(index) else { return text }
                let quantities = PropertyName(text).quantities.map { ":" + $0.joined(separator: ",") } ?? ""
                return copy.path + quantities
            })
    }

    /// What a recipe says of them, and the files that reward workers pull.
    ///
    /// - Throws: ``ModelError`` for a file that cannot be read or offered.
    func offers(_ standard: PropertyStandard) throws -> (properties: [RecipeProperty], files: [Blob]) {
        var properties: [RecipeProperty] = []
        var files: [Blob] = []
        for (index, (text, model)) in zip(names, standard.models).enumerated() {
            let name = PropertyName(text)
            var property = RecipeProperty(name: name.place, digest: model.digest, quantities: name.quantities)
            if let copy = copy(index) {
                let offer = try RecipeFile.offer(copy)
                (property.name, property.file) = (offer.file.name, offer.file)
                files.append(offer.blob)
            }
            properties.append(property)
        }
        return (properties, files)
    }

    private func copy(_ index: Int) -> URL? {
        let stem = Self.stem(index)
        let found = (try? FileManager.default.contentsOfDirectory(atPath: inputs.path)) ?? []
        return found.first { $0 == stem || $0.hasPrefix("\(stem).") }.map { inputs.appending(path: $0) }
    }
}

extension PropertyStandard {
    /// What names the models in a run's manifest; nil if there are none.
    var manifest: [RunManifest.Property]? {
        models.isEmpty
            ? nil : models.map { .init(digest: $0.digest, quantities: $0.predictions.map(\.name)) }
    }
}

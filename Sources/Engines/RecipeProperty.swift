internal import Potentials
internal import Synchronization
internal import Trajectories

/// A model of properties that a recipe names by its content.
package struct RecipeProperty: Codable, Sendable, Hashable {
    /// One of ``PropertySource/names``, or the file's name.
    package var name: String
    /// The model's file; nil for one that comes with the program.
    package var file: RecipeFile?
    /// SHA-256 of the model's weights, so that all workers use the same.
    package var digest: String
    /// The quantities wanted; nil: the model's usual ones.
    package var quantities: [String]?

    package init(name: String, file: RecipeFile? = nil, digest: String, quantities: [String]? = nil) {
        self.name = name
        self.file = file
        self.digest = digest
        self.quantities = quantities
    }
}

/// The models of properties of a process, each of which is loaded once.
final class PropertyModels: Sendable {
    /// So many are kept.
    private static let limit = 64

    private let files: RecipeFileCache
    private let loaded = Mutex<[RecipeProperty: any PropertyModel]>([:])

    init(_ files: RecipeFileCache) { self.files = files }

    /// New evaluators of the models of a recipe, in their order.
    ///
    /// - Throws: ``RoleError`` if a model is not the learner's.
    func evaluators(_ recipe: Recipe) throws -> [any PropertyEvaluator] {
        try PropertySource.evaluators(of: recipe.properties.map { try model($0, of: recipe) })
    }

    /// The quantities that the models of a recipe give, with their errors and domains.
    ///
    /// - Throws: ``RoleError`` if a model is not the learner's.
    func quantities(_ recipe: Recipe) throws -> Set<String> {
        let predictions = try recipe.properties.flatMap { try model($0, of: recipe).predictions }
        return Set(predictions.flatMap { Measurement.Quantity(rawValue: $0.name).predicted.map(\.rawValue) })
    }

    private func model(_ property: RecipeProperty, of recipe: Recipe) throws -> any PropertyModel {
        try loaded.withLock { loaded in
            if let model = loaded[property] { return model }
            let model = try PropertySource.load(
                place: files.place(property.name, property.file), quantities: property.quantities)
            try recipe.check("property model", property.name, found: model.digest, expected: property.digest)
            if loaded.count >= Self.limit { loaded.removeAll() }
            loaded[property] = model
            return model
        }
    }
}

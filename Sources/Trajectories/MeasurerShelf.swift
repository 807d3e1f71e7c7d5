/// The measurers of one thread, by their recipes: as many as there are recipes at a time; those of others make room.
package struct MeasurerShelf {
    private let limit: Int
    private var measurers: [String: any CrystalMeasurer] = [:]

    /// - Parameter limit: so many are kept; at least one.
    package init(limit: Int) { self.limit = max(1, limit) }

    package var count: Int { measurers.count }

    /// The measurer of a recipe, made if it is not there.
    package mutating func measurer(
        of recipe: String, make: (String) throws -> any CrystalMeasurer
    ) throws -> any CrystalMeasurer {
        if let measurer = measurers[recipe] { return measurer }
        let measurer = try make(recipe)
        if measurers.count >= limit { measurers.removeAll() }
        measurers[recipe] = measurer
        return measurer
    }

    /// Forgets those of other recipes.
    package mutating func keep(_ recipes: [String]) { measurers = measurers.filter { recipes.contains($0.key) } }
}

import SwiftProtobuf
package import Trajectories

/// How an evaluation has its items measured.
package struct WorkRecipes: Sendable, Hashable {
    /// One line of JSON each.
    package var recipes: [String]
    /// How many items a reward worker is given at a time; 0: as the run's.
    package var itemsPerTask: Int

    package init(recipes: [String], itemsPerTask: Int = 0) {
        self.recipes = recipes
        self.itemsPerTask = itemsPerTask
    }
}

/// An item of an evaluation.
package struct NumberedItem: Sendable, Hashable {
    /// The evaluation's own.
    package var number: Int
    /// The place of the recipe in ``WorkRecipes``.
    package var recipe: Int
    package var item: WorkItem

    package init(number: Int, recipe: Int, item: WorkItem) {
        self.number = number
        self.recipe = recipe
        self.item = item
    }
}

/// What came of it.
package struct NumberedResult: Sendable, Hashable {
    package var number: Int
    package var result: MeasuringResult

    package init(number: Int, result: MeasuringResult) {
        self.number = number
        self.result = result
    }
}

extension WorkRecipes {
    init(wire: Druse_WorkRecipes) throws(WireError) {
        guard wire.recipes.count <= WireLimits.otherRecipes else { throw .malformed("too many recipes") }
        var recipes: [String] = []
        for recipe in wire.recipes {
            let text = try WireError.text(recipe, atMost: WireLimits.settingsBytes, "recipe")
            guard !text.contains("\n") else { throw .malformed("a recipe of several lines") }
            recipes.append(text)
        }
        self.init(
            recipes: recipes,
            itemsPerTask: try WireError.number(UInt64(wire.itemsPerTask), atMost: 256, "items per task"))
    }

    var wire: Druse_WorkRecipes {
        var wire = Druse_WorkRecipes()
        wire.recipes = recipes
        wire.itemsPerTask = UInt32(clamping: itemsPerTask)
        return wire
    }
}

extension NumberedItem {
    static func list(wire: Druse_WorkItems) throws(WireError) -> [NumberedItem] {
        guard wire.entries.count <= WireLimits.crystals else { throw .malformed("too many items") }
        var items: [NumberedItem] = []
        for entry in wire.entries {
            items.append(
                NumberedItem(
                    number: try WireError.number(entry.number, atMost: WireLimits.version, "number"),
                    recipe: Int(entry.recipe), item: try WorkItem(wire: entry.item)))
        }
        return items
    }

    static func wire(_ items: [NumberedItem]) -> Druse_WorkItems {
        var wire = Druse_WorkItems()
        wire.entries = items.map { item in
            var entry = Druse_WorkEntry()
            entry.number = UInt64(clamping: item.number)
            entry.recipe = UInt32(clamping: item.recipe)
            entry.item = item.item.wire
            return entry
        }
        return wire
    }
}

extension NumberedResult {
    static func list(wire: Druse_WorkResults) throws(WireError) -> [NumberedResult] {
        guard wire.results.count <= WireLimits.crystals else { throw .malformed("too many results") }
        var results: [NumberedResult] = []
        for result in wire.results {
            results.append(
                NumberedResult(
                    number: try WireError.number(result.number, atMost: WireLimits.version, "number"),
                    result: try MeasuringResult(wire: result.result)))
        }
        return results
    }

    static func wire(_ results: [NumberedResult]) -> Druse_WorkResults {
        var wire = Druse_WorkResults()
        wire.results = results.map { result in
            var entry = Druse_WorkResult()
            entry.number = UInt64(clamping: result.number)
            entry.result = result.result.wire
            return entry
        }
        return wire
    }
}

/// The recipes of a run as one text, for the login of reward workers: a line each, the one that decides first.
package enum RecipeList {
    /// - Precondition: no recipe has a line break.
    package static func text(of recipes: [String]) -> String {
        precondition(recipes.allSatisfy { !$0.contains("\n") }, "a recipe is one line")
        return recipes.joined(separator: "\n")
    }

    package static func recipes(in text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

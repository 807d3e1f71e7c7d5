/// What peers are given to do: an actor samples, a reward worker measures by one or several recipes.
package enum WorkKind: Sendable, Hashable {
    case sampling
    /// By the recipe of this number; 0 is the one that decides.
    case measuring(Int)

    /// Its place in an array of all kinds.
    var place: Int {
        switch self {
        case .sampling: 0
        case .measuring(let recipe): 1 + recipe
        }
    }
}

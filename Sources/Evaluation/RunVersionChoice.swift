/// Which of a run's versions is meant: the newest, the best, or one by its number.
package enum RunVersionChoice: Equatable, Sendable {
    case newest
    /// By the run's `keep_best`.
    case best
    case version(Int)

    /// What people write: `newest`, `best` or a number; nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "newest": self = .newest
        case "best": self = .best
        default:
            guard let number = Int(text), number >= 1 else { return nil }
            self = .version(number)
        }
    }
}

/// Faults that a peer makes on purpose, to show that a cluster bears them.
///
/// Messages of both directions are meant: what the peer sends and what it is sent.
package struct ChaosRule: Sendable, Hashable, CustomStringConvertible {
    /// As it was given.
    package let description: String
    /// The chance that the process kills itself (SIGKILL) before a message that it sends.
    package var kill = 0.0
    /// The chances that a message is lost, comes twice, or has a bit that is another.
    package var lose = 0.0
    package var duplicate = 0.0
    package var corrupt = 0.0
    /// The chance that a message is held back, so that later ones overtake it.
    package var delay = 0.0
    /// How long one is held back at most, seconds.
    package var delaySeconds = 1.0

    /// Reads "kill=0.001,delay=0.1:2,corrupt=0.01,duplicate=0.05,lose=0.01".
    ///
    /// - Throws: ``ChaosError``.
    package init(_ text: String) throws(ChaosError) {
        description = text
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard words.count == 2 else { throw ChaosError(part: String(part)) }
            let numbers = words[1].split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
            guard let chance = numbers[0], (0...1).contains(chance), numbers.count == 1 || words[0] == "delay" else {
                throw ChaosError(part: String(part))
            }
            switch words[0] {
            case "kill": kill = chance
            case "lose": lose = chance
            case "duplicate": duplicate = chance
            case "corrupt": corrupt = chance
            case "delay":
                delay = chance
                guard numbers.count <= 2, let seconds = numbers.count == 2 ? numbers[1] : 1,
                    (0...3600).contains(seconds)
                else { throw ChaosError(part: String(part)) }
                delaySeconds = seconds
            default: throw ChaosError(part: String(part))
            }
        }
    }
}

/// A text that names no faults.
package struct ChaosError: Error, Sendable, Hashable, CustomStringConvertible {
    let part: String

    package var description: String {
        """
        chaos: "\(part)" is none of kill, lose, duplicate, corrupt and delay with a chance from 0 to 1, such as \
        kill=0.001,delay=0.1:2,corrupt=0.01 (delay=CHANCE:SECONDS)
        """
    }
}

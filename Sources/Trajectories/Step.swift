/// A training step of a run, counted from 0: it trains once, on one batch, and makes one policy version.
///
/// Step s begins with version s and makes version s + 1. Its crystals were sampled by the version that it begins with,
/// or, where sampling goes on while a step is made, by older ones: a step and a version are never the same thing, and
/// neither can be used for the other.
package struct Step: Sendable, Hashable, Comparable, Codable, CustomStringConvertible, ExpressibleByIntegerLiteral {
    package var number: Int

    package init(_ number: Int) { self.number = number }

    package init(integerLiteral number: Int) { self.init(number) }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Int.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }

    /// The version that it begins with: the newest while its batch is gathered.
    package var startVersion: PolicyVersion { PolicyVersion(number) }
    /// The version that it makes.
    package var madeVersion: PolicyVersion { PolicyVersion(number + 1) }
    /// The step after it.
    package var next: Step { Step(number + 1) }

    /// How much older than the version it begins with a version is, in versions.
    package func staleness(of version: PolicyVersion) -> Int { number - version.number }

    package static func < (left: Step, right: Step) -> Bool { left.number < right.number }

    package var description: String { "\(number)" }
}

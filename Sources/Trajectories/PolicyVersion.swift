/// A state of the policy: version 0 is what a run begins with, every ``Step`` makes the next one.
package struct PolicyVersion: Sendable, Hashable, Comparable, CustomStringConvertible, ExpressibleByIntegerLiteral {
    package var number: Int

    package init(_ number: Int) { self.number = number }

    package init(integerLiteral number: Int) { self.init(number) }

    /// The step that begins with it.
    package var nextStep: Step { Step(number) }

    package static func < (left: PolicyVersion, right: PolicyVersion) -> Bool { left.number < right.number }

    package var description: String { "\(number)" }
}

/// Thrown by an observer or a trainer that was asked to stop while something that has to be kept had no place: the step
/// is not taken, and a resumed run makes it again.
package struct StepGivenUp: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

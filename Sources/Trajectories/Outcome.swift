/// What came of measuring one crystal.
package enum Outcome: Sendable, Hashable {
    /// It was measured; what that is worth, the learner decides.
    case measured(Measurement)
    /// The crystal's own fault: it gets the floor reward and is trained on.
    case invalid(InvalidCrystal)
    /// Not the crystal's fault: it stays out of training and baseline.
    case failed(EvaluationFailure)
}

/// Measures crystals; what a reward worker runs. One for each thread, used on that thread alone.
package protocol CrystalMeasurer {
    /// One result for each item, in their order. Whatever goes wrong with a crystal is an outcome.
    ///
    /// Without items it makes sure that measuring is possible.
    ///
    /// - Throws: if this process cannot measure at all; no crystal is at fault.
    func measure(_ items: [WorkItem]) throws -> [MeasuringResult]
}

/// What came of measuring one crystal, and how long it took.
package struct MeasuringResult: Sendable, Hashable {
    package var outcome: Outcome
    package var seconds: Double

    package init(outcome: Outcome, seconds: Double) {
        self.outcome = outcome
        self.seconds = seconds
    }
}

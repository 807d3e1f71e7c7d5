extension Int {
    /// The sum with a number that is not negative; the largest number there is where the sum is beyond it.
    ///
    /// For sums of what others say, which may be anything.
    package func addingClamped(_ other: Int) -> Int {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }
}

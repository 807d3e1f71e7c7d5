/// One of the 230 space groups, in the reference's settings.
package struct SpaceGroup: Hashable, Sendable {
    /// The number in the International Tables, 1...230.
    package let number: Int

    /// The group of a number; nil outside 1...230.
    package init?(number: Int) {
        guard (1...230).contains(number) else { return nil }
        self.number = number
    }
}

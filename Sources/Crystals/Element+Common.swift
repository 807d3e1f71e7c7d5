extension Element {
    /// For elements that rules name.
    private init(known atomicNumber: Int) { self.atomicNumber = atomicNumber }

    package static let hydrogen = Element(known: 1)
    package static let oxygen = Element(known: 8)
    package static let fluorine = Element(known: 9)
    package static let sulfur = Element(known: 16)
}

/// How often the run has made what: part of its checkpoints.
package struct RunMemory: Codable, Sendable, Hashable {
    /// By reduced formula.
    private(set) var compositions: [String: Int] = [:]
    /// By ``JudgedCrystal/prototypeKey``.
    private(set) var prototypes: [String: Int] = [:]

    package init() {}

    /// Takes in the crystals of a batch, once it is judged.
    mutating func add(_ crystals: [JudgedCrystal]) {
        for crystal in crystals {
            compositions[crystal.formula, default: 0] += 1
            prototypes[crystal.prototypeKey, default: 0] += 1
        }
    }
}

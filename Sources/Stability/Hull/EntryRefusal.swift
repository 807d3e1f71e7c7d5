/// Why an entry of a file cannot stand in a hull.
package enum EntryRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case noComposition
    case noAtoms
    case notAnElement(String)
    case badAmount(String)
    case noEnergy
    case energyNotFinite
    case contradictoryCorrection(String)
    case contradictoryEnergy(String)

    /// By which refusals are counted.
    package var kind: String {
        switch self {
        case .noComposition: "no_composition"
        case .noAtoms: "no_atoms"
        case .notAnElement: "not_an_element"
        case .badAmount: "bad_amount"
        case .noEnergy: "no_energy"
        case .energyNotFinite: "energy_not_finite"
        case .contradictoryCorrection: "contradictory_correction"
        case .contradictoryEnergy: "contradictory_energy"
        }
    }

    package var description: String {
        switch self {
        case .noComposition: "has no composition"
        case .noAtoms: "its composition has no atoms"
        case .notAnElement(let symbol): "'\(symbol)' is not an element"
        case .badAmount(let symbol): "the amount of \(symbol) is not a finite number of at least 0"
        case .noEnergy: "has no energy"
        case .energyNotFinite: "its energy or correction is not a finite number"
        case .contradictoryCorrection(let reason), .contradictoryEnergy(let reason): reason
        }
    }
}

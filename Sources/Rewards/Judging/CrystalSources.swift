internal import Crystals
internal import Stability

/// A number of each crystal by itself.
struct CrystalSource: ComputedSource {
    private let number: @Sendable (JudgedCrystal) -> Double?

    init(_ number: @escaping @Sendable (JudgedCrystal) -> Double?) { self.number = number }

    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) -> [Double?] { crystals.map(number) }
}

/// The share of the atoms that are of some elements, 0 to 1: elements that are wanted, limited or, with a `window` of
/// [0, 0], forbidden.
struct ElementFractionSource: ComputedSource {
    private let elements: Set<Element>

    init(symbols: [String]) { elements = Set(symbols.compactMap { Element(symbol: $0) }) }

    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) -> [Double?] {
        crystals.map { crystal in
            elements.sorted().reduce(0) { $0 + crystal.composition.fraction(of: $1) }
        }
    }
}

/// 1 where oxidation states balance and the electronegativities allow it, or all elements are metals; else 0, as SMACT
/// counts (``CompositionValidity``).
struct ChargeBalanceSource: ComputedSource {
    private let validity = CompositionValidity()

    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) -> [Double?] {
        crystals.map { validity.verdict(of: $0.composition).isValid ? 1 : 0 }
    }
}

/// How many crystals of a kind the run has made up to this one, itself included: 1 for the first.
struct OccurrenceSource: ComputedSource {
    enum Kind: Sendable {
        /// Space group, Wyckoff letters and elements.
        case prototype
        /// The reduced formula.
        case composition
    }

    private let kind: Kind

    init(_ kind: Kind) { self.kind = kind }

    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) -> [Double?] {
        var counts = kind == .prototype ? memory.prototypes : memory.compositions
        return crystals.map { crystal in
            let key = kind == .prototype ? crystal.prototypeKey : crystal.formula
            let count = counts[key, default: 0] + 1
            counts[key] = count
            return Double(count)
        }
    }
}

extension JudgedCrystal {
    /// Å³; nil where the lattice has no volume.
    var volumePerAtom: Double? {
        guard let volume = try? crystal.spaceGroup.symmetrize(crystal.lattice).cell().volume else { return nil }
        return crystal.atomCount > 0 ? volume / Double(crystal.atomCount) : nil
    }

    /// g/cm³; nil where the crystal has no structure.
    var density: Double? {
        let density = (try? crystal.structure(cell: .primitive))?.density
        return density.flatMap { $0.isFinite ? $0 : nil }
    }
}

internal import Crystals
package import Trajectories

/// Where the numbers of a term come from: a measured quantity, a product of some, or what is computed from crystal and
/// run.
package enum TermSource: Sendable {
    case measured(Measurement.Quantity)
    /// The product of quantities, such as the figure of merit of a dielectric: band gap times dielectric constant.
    case product([Measurement.Quantity])
    case computed(any ComputedSource)

    static let productName = "product"

    /// The source that a term names.
    ///
    /// - Throws: ``JudgingError`` where what it needs cannot be opened.
    init(_ term: RewardTerm) throws(JudgingError) {
        if term.source == Self.productName {
            self = .product(term.factors.map { Measurement.Quantity(rawValue: $0) })
        } else if let make = ComputedSources.makers[term.source] {
            self = .computed(try make(term))
        } else {
            self = .measured(Measurement.Quantity(rawValue: term.source))
        }
    }

    /// The number of each crystal; nil for one that has none.
    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) throws(JudgingError) -> [Double?] {
        switch self {
        case .measured(let quantity): return crystals.map { $0.measurement[quantity] }
        case .product(let quantities):
            return crystals.map { crystal in
                let factors = quantities.compactMap { crystal.measurement[$0] }
                return factors.count == quantities.count ? factors.reduce(1, *) : nil
            }
        case .computed(let source): return try source.numbers(of: crystals, memory)
        }
    }

    /// The quantities that must be measured for it.
    package var quantities: [Measurement.Quantity] {
        switch self {
        case .measured(let quantity): [quantity]
        case .product(let quantities): quantities
        case .computed: []
        }
    }

    /// The names of what is computed, in alphabetical order.
    package static var computedNames: [String] { (ComputedSources.makers.keys + [productName]).sorted() }

    static func isComputed(_ name: String) -> Bool { ComputedSources.makers[name] != nil || name == productName }

    /// Whether low numbers of a source are the wanted ones, where a term does not say.
    static func isWantedLow(_ name: String) -> Bool {
        ComputedSources.wantedLow.contains(name)
            || lowEndings.contains { name == $0 || name.hasSuffix("_\($0)") }
    }

    /// Measured quantities, also of judges: "judge_e_above_hull".
    private static let lowEndings = [
        "energy_per_atom", "e_above_hull", "uncertainty", "sigma", "maximum_force", "log_mean", "relaxation_rmsd",
        "relaxation_steps",
    ]

    /// What speaks against a source of this name, whatever it is; nil if nothing.
    package static func problem(ofName name: String) -> String? {
        let isName =
            (1...64).contains(name.utf8.count) && name.first.map { ("a"..."z").contains($0) } == true
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "_")
            }
        return isName
            ? nil
            : "is \"\(name)\"; it must be a lower-case name of at most 64 letters, digits and _ that begins with a "
                + "letter"
    }

    static func problem(ofElement symbol: String) -> String? {
        Element(symbol: symbol) == nil ? "is \"\(symbol)\"; it must be the symbol of an element" : nil
    }
}

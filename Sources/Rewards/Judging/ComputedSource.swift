internal import Crystals

/// A number that is computed from a crystal and its run, rather than measured.
///
/// To add one of your own: a type with this protocol in a file beside this one, and its line in
/// `ComputedSources.makers`.
package protocol ComputedSource: Sendable {
    /// The number of each crystal of a batch, in the order of the crystals' ids; nil for one that has none.
    ///
    /// It must depend on nothing else: rewards are computed again from the archive, and after a restart.
    /// - Parameter memory: what the run has made before this batch.
    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) throws(JudgingError) -> [Double?]
}

/// The sources there are, by the name that a term gives.
enum ComputedSources {
    typealias Maker = @Sendable (RewardTerm) throws(JudgingError) -> any ComputedSource

    static let makers: [String: Maker] = [
        "novelty": { term throws(JudgingError) in try NoveltySource(place: term.known) },
        "occurrences": { _ throws(JudgingError) in OccurrenceSource(.prototype) },
        "composition_occurrences": { _ throws(JudgingError) in OccurrenceSource(.composition) },
        "element_fraction": { term throws(JudgingError) in ElementFractionSource(symbols: term.elements) },
        "element_count": { _ throws(JudgingError) in CrystalSource { Double($0.composition.elements.count) } },
        "atom_count": { _ throws(JudgingError) in CrystalSource { Double($0.crystal.atomCount) } },
        "site_count": { _ throws(JudgingError) in CrystalSource { Double($0.crystal.sites.count) } },
        "space_group": { term throws(JudgingError) in
            let groups = Set(term.spaceGroups)
            return CrystalSource { groups.contains($0.crystal.spaceGroup.number) ? 1 : 0 }
        },
        "charge_balance": { _ throws(JudgingError) in ChargeBalanceSource() },
        "density": { _ throws(JudgingError) in CrystalSource { $0.density } },
        "price": { _ throws(JudgingError) in CrystalSource { $0.composition.price } },
        "crustal_abundance": { _ throws(JudgingError) in CrystalSource { $0.composition.crustalAbundance } },
        "hhi_production": { _ throws(JudgingError) in CrystalSource { $0.composition.hhiProduction } },
        "hhi_reserve": { _ throws(JudgingError) in CrystalSource { $0.composition.hhiReserve } },
        "volume_per_atom": { _ throws(JudgingError) in CrystalSource { $0.volumePerAtom } },
    ]

    /// Those of which low numbers are wanted.
    static let wantedLow: Set<String> = [
        "occurrences", "composition_occurrences", "price", "hhi_production", "hhi_reserve",
    ]
}

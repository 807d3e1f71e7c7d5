extension Crystal {
    /// Space group, then letter and element of each site, such as `225-a-Na-b-Cl`: the notation of arXiv 2504.02367.
    ///
    /// Crystals that share it have the same formula and the same occupied Wyckoff positions; they may differ in
    /// coordinates and lattice.
    package var wyckoffSequence: String {
        let ordered = sites.sorted { ($0.wyckoff, $0.element) < ($1.wyckoff, $1.element) }
        let parts = ordered.map { "\(WyckoffPosition.letter(index: $0.wyckoff))-\($0.element.symbol)" }
        return (["\(spaceGroup.number)"] + parts).joined(separator: "-")
    }
}

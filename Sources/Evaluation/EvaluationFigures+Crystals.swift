internal import Crystals
package import Report
internal import Stability

extension EvaluationFigures {
    /// The figures of evaluated crystals.
    ///
    /// - Parameters:
    ///   - threshold: below this height a crystal is stable, eV/atom.
    ///   - tellsNovelty: whether known crystals were looked through.
    ///   - judge: the name of the second judge; nil if there was none.
    package init(
        of crystals: [EvaluatedCrystal], threshold: Double, tellsNovelty: Bool, judge: String? = nil
    ) {
        let total = crystals.count
        func share(_ holds: (EvaluatedCrystal) -> Bool) -> Share { Share(crystals.count(where: holds), of: total) }
        func part(_ name: String, _ members: [EvaluatedCrystal]) -> Part {
            Part(
                name: name, samples: members.count,
                asSampled: Verdicts(of: members, \.asSampled, threshold, tellsNovelty),
                relaxed: Verdicts(ofRelaxed: members, threshold, tellsNovelty))
        }
        let byGroup = Dictionary(grouping: crystals.filter { $0.spaceGroup != nil }) { $0.spaceGroup ?? 0 }
        let bySystem = Dictionary(grouping: crystals.filter { $0.crystalSystem != nil }) { $0.crystalSystem }
        var elements: [String: Int] = [:]
        for symbol in crystals.flatMap(\.elements) { elements[symbol, default: 0] += 1 }
        self.init(
            samples: total, threshold: threshold, valid: share { $0.invalid == nil },
            compositionValid: share { $0.composition == CompositionValidity.Verdict.valid.rawValue },
            elemental: share { $0.elements.count == 1 }, binary: share { $0.elements.count == 2 },
            sparse: share { $0.hullEntries.map { $0 < CrystalExaminer.fewEntries } ?? false },
            spaceGroups: byGroup.count, elements: elements.count,
            asSampled: Verdicts(of: crystals, \.asSampled, threshold, tellsNovelty),
            relaxed: Verdicts(ofRelaxed: crystals, threshold, tellsNovelty), relaxations: Relaxations(of: crystals),
            secondOpinion: judge.map { SecondOpinion(by: $0, of: crystals, threshold) },
            bySpaceGroup: byGroup.sorted { $0.key < $1.key }.map { part("\($0.key)", $0.value) },
            byCrystalSystem: CrystalSystem.allCases.compactMap { system in
                bySystem[system].map { part(system.rawValue, $0) }
            },
            elementCounts: elements, heights: crystals.compactMap { $0.asSampled?.energyAboveHull },
            relaxedHeights: crystals.compactMap { $0.relaxed?.state.energyAboveHull })
    }
}

extension EvaluatedCrystal {
    var crystalSystem: CrystalSystem? { spaceGroup.flatMap { SpaceGroup(number: $0) }?.crystalSystem }

    /// The relaxed form; of what was not relaxed the one as sampled, without its energy.
    fileprivate var relaxedForm: State? {
        if let relaxed { return relaxed.state }
        var state = asSampled
        state?.energyPerAtom = nil
        state?.energyAboveHull = nil
        return state
    }

    /// The shares of the elements by atoms.
    fileprivate var shares: [String: Double] {
        guard let species = asSampled?.structure.species, !species.isEmpty else { return [:] }
        return Dictionary(species.map { ($0, 1 / Double(species.count)) }, uniquingKeysWith: +)
    }
}

extension EvaluationFigures.Verdicts {
    private static let farBelow = -0.1

    /// The verdicts on relaxed crystals; nil if none was relaxed.
    fileprivate init?(ofRelaxed crystals: [EvaluatedCrystal], _ threshold: Double, _ tellsNovelty: Bool) {
        guard crystals.contains(where: { $0.relaxed != nil }) else { return nil }
        self.init(of: crystals, \.relaxedForm, threshold, tellsNovelty)
    }

    /// - Parameter form: which form of them.
    fileprivate init(
        of crystals: [EvaluatedCrystal], _ form: (EvaluatedCrystal) -> EvaluatedCrystal.State?, _ threshold: Double,
        _ tellsNovelty: Bool
    ) {
        let total = crystals.count
        let states = crystals.map(form)
        func share(_ holds: (EvaluatedCrystal.State) -> Bool) -> EvaluationFigures.Share {
            .init(states.count { $0.map(holds) ?? false }, of: total)
        }
        func height(_ state: EvaluatedCrystal.State) -> Double { state.energyAboveHull ?? .infinity }
        // A kind counts once, whichever of its members is stable and new.
        func kinds(_ holds: (EvaluatedCrystal.State) -> Bool) -> Set<String> {
            Set(
                zip(crystals, states).compactMap { crystal, state in
                    guard let state, state.isNovel, holds(state) else { return nil }
                    return state.equals ?? crystal.id
                })
        }
        let stable = kinds { height($0) <= threshold }
        let onHull = kinds { height($0) <= 0 }
        func count(_ kinds: Set<String>) -> EvaluationFigures.Share? {
            tellsNovelty ? .init(kinds.count, of: total) : nil
        }
        self.init(
            measured: share { $0.energyAboveHull != nil }, stable: share { height($0) <= threshold },
            onHull: share { height($0) <= 0 }, unique: share(\.isFirst),
            novel: tellsNovelty ? share(\.isNovel) : nil, sun: count(stable), sunOnHull: count(onHull),
            metastableSUN: count(stable.subtracting(onHull)), farBelow: share { height($0) < Self.farBelow })
    }
}

extension EvaluationFigures.Relaxations {
    /// Nil if nothing was relaxed.
    fileprivate init?(of crystals: [EvaluatedCrystal]) {
        let relaxed = crystals.compactMap { crystal in crystal.relaxed.map { (crystal, $0) } }
        guard !relaxed.isEmpty else { return nil }
        let displacements = relaxed.map(\.1.displacement).filter(\.isFinite).sorted()
        self.init(
            converged: .init(relaxed.count { $0.1.isConverged }, of: relaxed.count),
            spaceGroupKept: .init(
                relaxed.count { $0.0.spaceGroup != nil && $0.0.spaceGroup == $0.1.spaceGroup }, of: relaxed.count),
            meanDisplacement: displacements.reduce(0, +) / Double(max(1, displacements.count)),
            medianDisplacement: displacements.isEmpty
                ? 0 : AimFigures.Quantile(0.5, ofSorted: displacements).value)
    }
}

extension EvaluationFigures.SecondOpinion {
    fileprivate init(by judge: String, of crystals: [EvaluatedCrystal], _ threshold: Double) {
        let judged = crystals.filter { $0.judged != nil }
        let hasHull = judged.contains { $0.judged?.energyAboveHull != nil }
        let stable = judged.count { ($0.judged?.energyAboveHull ?? .infinity) <= threshold }
        self.init(
            judge: judge, measured: .init(judged.count, of: crystals.count),
            stable: hasHull ? .init(stable, of: crystals.count) : nil, correlation: Self.correlation(judged))
    }

    /// So many crystals more than energies of elements that they determine, at least, are needed to correlate what is
    /// left.
    private static let fewestLeft = 3.0

    /// Pearson's, of the heights by both of the crystals that have both; where the judge has no hull, of what is left
    /// of both once the best energies of the elements are taken off each. They are taken off both: energies that are
    /// fitted to the difference of two potentials on the same crystals make them agree where there are about as many
    /// elements as crystals, whatever the judge says.
    private static func correlation(_ crystals: [EvaluatedCrystal]) -> Double? {
        let rows = crystals.compactMap {
            crystal -> (
                shares: [String: Double], height: Double, judged: Double?, own: Double, other: Double
            )? in
            guard let state = crystal.finalState, let height = state.energyAboveHull, let own = state.energyPerAtom,
                let other = crystal.judged?.energyPerAtom
            else { return nil }
            return (crystal.shares, height, crystal.judged?.energyAboveHull, own, other)
        }
        guard rows.count > 2 else { return nil }
        if crystals.contains(where: { $0.judged?.energyAboveHull != nil }) {
            let both = rows.compactMap { row in row.judged.map { (own: row.height, judged: $0) } }
            return both.count > 2 ? pearson(both.map(\.own), both.map(\.judged)) : nil
        }
        let fit = ElementEnergies(shares: rows.map(\.shares))
        guard Double(rows.count) - fit.freedom >= fewestLeft else { return nil }
        return pearson(
            fit.residuals(of: rows.map(\.height)), fit.residuals(of: rows.map { $0.height + $0.other - $0.own }))
    }

    private static func pearson(_ a: [Double], _ b: [Double]) -> Double? {
        let n = Double(a.count)
        let (meanA, meanB) = (a.reduce(0, +) / n, b.reduce(0, +) / n)
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            ab += (x - meanA) * (y - meanB)
            aa += (x - meanA) * (x - meanA)
            bb += (y - meanB) * (y - meanB)
        }
        return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : nil
    }
}

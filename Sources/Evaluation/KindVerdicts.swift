internal import Base
internal import Crystals
package import Matching

/// Which crystals of an evaluation are the first of their kind, and which are known.
package struct KindVerdicts: Sendable {
    private let known: KnownCrystals?
    private let matcher = StructureMatcher()

    /// - Parameter known: nil: novelty is not told.
    package init(known: KnownCrystals?) { self.known = known }

    /// Whether novelty is told.
    package var tellsNovelty: Bool { known != nil }

    /// Fills in what each form of the crystals equals.
    ///
    /// - Throws: `KnownCrystalsError`.
    func write(into crystals: inout [EvaluatedCrystal], team: ThreadTeam) throws {
        try write(into: &crystals, \.asSampled, team)
        if crystals.contains(where: { $0.relaxed != nil }) { try write(into: &crystals, \.relaxedState, team) }
    }

    private func write(
        into crystals: inout [EvaluatedCrystal], _ form: WritableKeyPath<EvaluatedCrystal, EvaluatedCrystal.State?>,
        _ team: ThreadTeam
    ) throws {
        // Some records have no structure: those are unlike all.
        let structures = crystals.map { $0[keyPath: form]?.structure.structure }
        let present = structures.compactMap { $0 }
        var reduced = ReducedStructure.reduce(present, team: team)[...]
        var slots: [ReducedStructure?] = []
        for index in crystals.indices {
            guard structures[index] != nil else {
                slots.append(nil)
                continue
            }
            switch reduced.removeFirst() {
            case .success(let structure): slots.append(structure)
            case .failure(let error):
                slots.append(nil)
                crystals[index][keyPath: form]?.incomparable = "\(error)"
            }
        }
        let firsts = UniqueStructures(slots, matcher: matcher, team: team).firstEqual
        let matches = try known?.firstMatches(of: slots, matcher: matcher, team: team)
        for index in crystals.indices where structures[index] != nil {
            let first = firsts[index].flatMap { $0 == index ? nil : crystals[$0].id }
            crystals[index][keyPath: form]?.equals = first
            crystals[index][keyPath: form]?.known = matches?[index]?.id
        }
    }
}

extension EvaluatedCrystal {
    /// The relaxed form.
    fileprivate var relaxedState: State? {
        get { relaxed?.state }
        set { if let newValue { relaxed?.state = newValue } }
    }
}

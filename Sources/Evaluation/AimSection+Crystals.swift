package import Report
internal import Rewards
internal import Trajectories

extension AimSection {
    /// The section of a page on evaluated crystals, each in its last form.
    ///
    /// - Parameters:
    ///   - columns: the crystals of each policy.
    ///   - known: crystals to compare with.
    /// - Returns: nil where the reward has no two numbers to be high together that are predicted.
    package init?(
        _ measurer: AimMeasurer, of columns: [(title: String, crystals: [EvaluatedCrystal])], threshold: Double,
        tellsNovelty: Bool, known: Group?
    ) {
        guard let plane = measurer.aims.plane else { return nil }
        let names = (x: plane.x.rawValue, y: plane.y.rawValue)
        let predicted = measurer.predictions.map(\.name)
        guard predicted.contains(names.x), predicted.contains(names.y) else { return nil }
        func numbers(_ state: EvaluatedCrystal.State) -> (x: Double, y: Double)? {
            guard let x = state.predicted?[names.x], let y = state.predicted?[names.y] else { return nil }
            return (x, y)
        }
        let groups = columns.map { title, crystals in
            Group(
                title: title,
                points: crystals.compactMap { crystal in
                    guard let state = crystal.toldState, let place = numbers(state) else { return nil }
                    return Point(
                        formula: crystal.formula, x: place.x, y: place.y,
                        isSound: state.isSound([plane.x, plane.y], threshold))
                })
        }
        let candidates = columns.flatMap { title, crystals in
            crystals.compactMap { crystal -> Candidate? in
                // Of crystals that are equal the first.
                guard let state = crystal.toldState, state.isFirst, let place = numbers(state) else { return nil }
                return Candidate(
                    policy: title, formula: crystal.formula,
                    spaceGroup: crystal.relaxed?.spaceGroup ?? crystal.spaceGroup, x: place.x, y: place.y,
                    height: state.energyAboveHull, isNovel: tellsNovelty ? state.isNovel : nil,
                    isInDomain: state.isInDomain([plane.x, plane.y]))
            }
        }
        func label(_ name: String) -> String {
            let unit = measurer.predictions.first { $0.name == name }?.unit ?? "1"
            return name.replacing("_", with: " ") + (unit == "1" ? "" : ", \(unit)")
        }
        let isRelaxed = columns.contains { $0.crystals.contains { $0.relaxed != nil } }
        let product =
            measurer.aims.product?.name ?? "\(names.x) × \(names.y)"
        self.init(
            horizontal: label(names.x), vertical: label(names.y), product: product.replacing("_", with: " "),
            groups: groups, known: known, candidates: Self.best(candidates),
            note: "Of crystals \(isRelaxed ? "as relaxed" : "as sampled"); predictions, not measurements.")
    }

    /// Those of low height first, by falling product.
    private static func best(_ candidates: [Candidate]) -> [Candidate] {
        func isLow(_ candidate: Candidate) -> Bool { candidate.height.map { $0 <= lowHeight } ?? false }
        let sorted = candidates.sorted { first, second in
            isLow(first) == isLow(second) ? first.x * first.y > second.x * second.y : isLow(first)
        }
        return Array(sorted.prefix(mostCandidates))
    }
}

extension AimSection.Group {
    /// With the front of its points.
    package init(title: String, points: [AimSection.Point]) {
        self.init(title: title, points: points, front: ParetoFront.undominated(points.map { [$0.x, $0.y] }))
    }
}

extension EvaluatedCrystal {
    /// The last form that the models were asked about.
    fileprivate var toldState: State? {
        guard let state = finalState, state.predicted != nil else { return nil }
        return state
    }
}

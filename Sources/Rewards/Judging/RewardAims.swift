internal import Crystals
package import Trajectories

/// What a reward aims at: the numbers that its terms are of, and the front that they span. To tell of crystals one by
/// one, not to judge them: no guard but `cap_at_hull` where terms' values span the front, nothing of batch or run.
package struct RewardAims: Sendable {
    /// The number of a term.
    package struct Aim: Sendable, Hashable {
        package let name: String
        /// Nil where it is not known; "1" for a number without unit.
        package let unit: String?
        package let wantsLow: Bool
        /// The measured quantities that it is made of; none for what is computed.
        package let quantities: [Measurement.Quantity]
    }

    /// What a front is taken over: numbers that are all to be high.
    package struct Axes: Sendable, Hashable {
        package let names: [String]
        /// Where volumes begin.
        package let reference: [Double]
        /// Whether the numbers are values of terms, rather than the factors of a product.
        package let areValues: Bool
    }

    /// Of the terms, but for those that count what a run has made before.
    package let aims: [Aim]
    /// Nil where there is a single aim.
    package let axes: Axes?
    /// The first product of two or more numbers, which ``axes`` names if terms are not combined by dominance.
    package let product: Aim?
    /// Two numbers to be high together: the first factors of the product, else of the first two terms of one measured
    /// quantity that is wanted high; nil where there are none.
    package let plane: (x: Measurement.Quantity, y: Measurement.Quantity)?
    private let terms: [(term: RewardTerm, source: TermSource)]
    private let isPareto: Bool
    /// Whether a height below the hull counts as 0.
    private let capsAtHull: Bool

    /// - Throws: ``JudgingError`` where what a term needs cannot be opened.
    package init(_ configuration: RewardConfiguration) throws(JudgingError) {
        var terms: [(term: RewardTerm, source: TermSource)] = []
        for term in configuration.effectiveTerms where !Self.ofRuns.contains(term.source) {
            terms.append((term, try TermSource(term)))
        }
        self.terms = terms
        aims = terms.map { term, source in
            Aim(
                name: term.name, unit: Self.unit(of: source), wantsLow: term.direction < 0,
                quantities: source.quantities)
        }
        isPareto = configuration.combine == .pareto && terms.count > 1
        capsAtHull = configuration.guards.use == .all && configuration.guards.capAtHull
        let high = zip(aims, terms).filter { $1.term.direction > 0 }.map(\.0)
        product = high.first { Self.factors(of: $0).count > 1 }
        let singles = high.filter { Self.factors(of: $0).count == 1 }
        let pair = product.map(Self.factors) ?? singles.flatMap(Self.factors)
        plane = pair.count > 1 ? (pair[0], pair[1]) : nil
        if isPareto {
            axes = Axes(
                names: aims.map(\.name), reference: terms.map(\.term.shape.bounds.lowerBound), areValues: true)
        } else if let product {
            let names = Self.factors(of: product).map(\.rawValue)
            axes = Axes(names: names, reference: names.map { _ in 0 }, areValues: false)
        } else {
            axes = nil
        }
    }

    /// The quantities of an aim, but for those that only say whether a model knows the crystal's like.
    private static func factors(of aim: Aim) -> [Measurement.Quantity] {
        aim.quantities.filter { !$0.tellsDomain }
    }

    private static let ofRuns: Set<String> = ["occurrences", "composition_occurrences"]

    /// The number of each aim, in their order; nil where the crystal has none.
    package func numbers(of crystal: JudgedCrystal) throws(JudgingError) -> [Double?] {
        var numbers: [Double?] = []
        for (_, source) in terms {
            let number = try source.numbers(of: [crystal], RunMemory()).first ?? nil
            numbers.append(number.flatMap { $0.isFinite ? $0 : nil })
        }
        return numbers
    }

    /// Where a crystal stands along ``axes``; nil where it has not all of the numbers, or there are no axes.
    ///
    /// - Parameter numbers: of the aims, in their order.
    package func point(_ numbers: [Double?], _ measurement: Measurement) -> [Double]? {
        guard let axes else { return nil }
        let point =
            isPareto
            ? zip(terms, numbers).compactMap { term, number in
                capped(number, of: term.source, measurement).flatMap { term.term.shape.value(of: $0) }
            }
            : axes.names.compactMap { measurement[Measurement.Quantity(rawValue: $0)] }.filter(\.isFinite)
        return point.count == axes.names.count ? point : nil
    }

    /// A term's number as the reward takes it.
    private func capped(_ number: Double?, of source: TermSource, _ measurement: Measurement) -> Double? {
        guard capsAtHull, number != nil else { return number }
        let capped = measurement.raisingHeights(to: 0)
        return switch source {
        case .measured(let quantity): capped[quantity]
        case .product(let quantities): quantities.compactMap { capped[$0] }.reduce(1, *)
        case .computed: number
        }
    }

    /// That of a product is the product of those of its factors.
    private static func unit(of source: TermSource) -> String? {
        let units = source.quantities.map(\.unit)
        guard !units.isEmpty, !units.contains(where: { $0 == nil }) else { return nil }
        let named = units.compactMap { $0 }.filter { $0 != "1" }
        return named.isEmpty ? "1" : named.joined(separator: " ")
    }
}

extension ParetoFront {
    /// The places of the points that no other one dominates, in their order. Points that are equal stay together.
    ///
    /// - Complexity: O(points · front).
    package static func undominated(_ points: [[Double]]) -> [Int] {
        // What dominates a point has a larger sum, so it comes before.
        let order = points.indices.map { (index: $0, sum: points[$0].reduce(0, +)) }
            .sorted { ($0.sum, $1.index) > ($1.sum, $0.index) }
        var front: [Int] = []
        for (index, _) in order where !front.contains(where: { dominates(points[$0], points[index]) }) {
            // Sums that rounding makes equal tell nothing.
            front.removeAll { dominates(points[index], points[$0]) }
            front.append(index)
        }
        return front.sorted()
    }

    /// The volume above a reference point that points dominate.
    package static func hypervolume(_ points: [[Double]], above reference: [Double]) -> Double {
        hypervolume(of: undominated(points).map { points[$0] }, above: reference)
    }
}

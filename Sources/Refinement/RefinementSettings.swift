package import Crystals
internal import Foundation

/// How crystals are walked.
///
/// A walk of temperature T has the stationary distribution (p(x) exp(-alpha E(x)))^(1/T) over the elements, free
/// coordinates and free lattice parameters of its crystal: p is a density of the policy's own variables, E an energy
/// that is infinite where a crystal is not allowed.
package struct RefinementSettings: Sendable, Hashable {
    /// Proposals for each chain.
    package var steps = 200
    /// How much an energy of 1 counts beside the policy's log-probability.
    package var alpha = 10.0
    /// Of the chains of each crystal, the first one's crystals are the result. Chains exchange theirs.
    package var temperatures = [1.0]
    /// Steps from one exchange between chains to the next.
    package var exchangeInterval = 5
    /// What is proposed.
    package var moves = Set(MoveKind.allCases)
    /// The elements that proposals choose from, in order of atomic number.
    package var elements: [Element] = (1...118).compactMap(Element.init(atomicNumber:))
    /// The largest standard deviation of a displacement, in fractional coordinates.
    package var coordinateWidth = 0.2
    /// The largest standard deviation of a change of a lattice: of its lengths over the cube root of the number of
    /// atoms, Å; half as many radians of its angles.
    package var latticeWidth = 0.2
    package var seed: UInt64 = 0

    /// Widths are drawn from this share of the largest one to the largest, each order of magnitude as often: small
    /// steps find the bottom of a basin, large ones the next.
    static let smallestWidthShare = 0.02

    package init() {}

    /// What is wrong with them; empty if nothing is.
    package var problems: [String] {
        var problems: [String] = []
        if !(1...1_000_000_000).contains(steps) { problems.append("steps is \(steps); it must be 1 to 1000000000") }
        if !(alpha >= 0 && alpha.isFinite) { problems.append("alpha is \(alpha); it must be 0 or more") }
        if temperatures.first != 1 { problems.append("the first temperature must be 1: its chain is the result") }
        if !temperatures.allSatisfy({ $0 >= 1 && $0.isFinite })
            || zip(temperatures, temperatures.dropFirst()).contains(where: { $0 >= $1 })
        {
            problems.append("temperatures must rise from 1 on")
        }
        if temperatures.count > Self.maximumChains {
            problems.append("there are \(temperatures.count) temperatures; at most \(Self.maximumChains) are possible")
        }
        if exchangeInterval < 1 { problems.append("the interval of exchanges must be at least 1") }
        if moves.isEmpty { problems.append("there are no moves: nothing would change") }
        if elements.isEmpty { problems.append("the list of elements is empty: nothing can be drawn") }
        if !(coordinateWidth > 0 && coordinateWidth <= 1) {
            problems.append("the width of displacements must be above 0 and at most 1 (fractional)")
        }
        if !(latticeWidth > 0 && latticeWidth <= 2) {
            problems.append("the width of lattice changes must be above 0 and at most 2 (angstrom)")
        }
        return problems
    }

    static let maximumChains = 64

    /// A ladder of temperatures, 1 to `hottest`, each the same factor above the one before.
    package static func ladder(count: Int, hottest: Double) -> [Double] {
        guard count > 1 else { return [1] }
        return (0..<count).map { $0 == 0 ? 1 : pow(hottest, Double($0) / Double(count - 1)) }
    }
}

package import Crystals
internal import Protocol
package import Trajectories

/// What the hub takes from its peers: crystals that the policy can have sampled, numbers that training can use.
///
/// An honest peer holds its own results against the same limits before it sends them: what breaks them comes from a
/// peer that is broken or forged, and is neither scored, trained on nor archived.
package struct Admission: Sendable, Hashable {
    /// The most sites of a crystal (`n_max`); nil: whatever the wire carries.
    package var maximumSites: Int?
    /// The elements of the policy are those below this atomic number.
    package var atomTypes = 119
    /// The elements that crystals are drawn of; nil: all.
    package var elements: Set<Element>?
    /// The fewest different elements of a crystal that ends by itself.
    package var minimumElements = 1

    /// Of the absolute value of every component of a log-probability, nats.
    static let largestLogProbability = 1e6
    /// Of the absolute value of an energy, eV/atom.
    static let largestEnergy = 1e3
    /// Of the absolute value of a fractional coordinate.
    static let largestCoordinate = 1e3
    /// Of a lattice length, Å, or an angle, degrees, either as an absolute value.
    static let largestLatticeParameter = 1e4

    package init() {}

    /// Why no honest actor can have sampled a crystal; nil if one can.
    package func problem(of sampled: SampledCrystal) -> String? {
        let crystal = sampled.crystal
        let most = maximumSites ?? WireLimits.sitesPerCrystal
        guard (1...most).contains(crystal.sites.count) else {
            return "it has \(crystal.sites.count) sites, the policy makes 1 to \(most)"
        }
        // A crystal ends by itself, or by running out of sites.
        if maximumSites != nil, sampled.isTerminated != (crystal.sites.count < most) {
            return "it is said to \(sampled.isTerminated ? "end" : "go on") after \(crystal.sites.count) sites"
        }
        if let problem = Self.problem(of: crystal) { return problem }
        for site in crystal.sites {
            guard site.element.atomicNumber < atomTypes else {
                return "the policy does not know \(site.element.symbol)"
            }
            guard elements?.contains(site.element) ?? true else {
                return "it has \(site.element.symbol), which this run does not draw"
            }
        }
        // A position is always left: the last one of a group, the general one, is taken as often as one likes.
        let elementCount = Set(crystal.sites.map(\.element)).count
        if sampled.isTerminated, elementCount < minimumElements {
            return "it ends with too few different elements: \(elementCount), not \(minimumElements) or more"
        }
        let claimed = sampled.logProbability.components + sampled.referenceLogProbability.components
        guard claimed.allSatisfy({ abs($0) <= Self.largestLogProbability }) else {
            return "a log-probability is not within ±\(Int(Self.largestLogProbability))"
        }
        return nil
    }

    /// Why an outcome cannot be used; nil if it can.
    ///
    /// - Parameters:
    ///   - siteCount: of the crystal; nil where it is not known.
    ///   - needsHeight: whether it is of no use without a height above the hull.
    package func problem(of outcome: Outcome, siteCount: Int? = nil, needsHeight: Bool = true) -> String? {
        guard case .measured(let measurement) = outcome else { return nil }
        if let problem = measurement.relaxed.flatMap({ self.problem(of: $0, siteCount: siteCount) }) { return problem }
        if let problem = measurement.relaxedAtoms.flatMap({ Self.problem(of: $0.structure) }) {
            return "its relaxed atoms: \(problem)"
        }
        for quantity in [Measurement.Quantity.energyPerAtom, .energyAboveHull] {
            guard let value = measurement[quantity] else {
                if quantity == .energyAboveHull, !needsHeight { continue }
                return "\(quantity.rawValue) is missing"
            }
            // Written so that a NaN fails.
            guard abs(value) <= Self.largestEnergy else {
                return "\(quantity.rawValue) of \(value) eV/atom is not within ±\(Int(Self.largestEnergy))"
            }
        }
        let broken = measurement.values.filter { !$0.value.isFinite }.keys.min()
        return broken.map { "\($0.rawValue) is not a number" }
    }

    private func problem(of relaxed: RelaxedGeometry, siteCount: Int?) -> String? {
        if let siteCount, relaxed.positions.count != siteCount {
            return "its relaxed form has \(relaxed.positions.count) sites, not \(siteCount)"
        }
        let isUsable =
            relaxed.positions.allSatisfy { position in
                (0..<3).allSatisfy { abs(position[$0]) <= Self.largestCoordinate }
            } && relaxed.lattice.values.allSatisfy { abs($0) <= Self.largestLatticeParameter }
        return isUsable ? nil : "its relaxed form has unusable numbers"
    }
}

import Crystals
import Rewards
import Trajectories

extension RewardConfiguration {
    /// What a judge of this configuration gives one outcome of rock salt, alone in its batch.
    func reward(of outcome: Outcome) -> Double? {
        do {
            var judge = try RewardJudge(self)
            return try judge.judge([(.rockSalt(), outcome)]).verdicts[0].reward
        } catch { return .nan }
    }
}

extension RewardShape {
    /// Without guards.
    func reward(energyAboveHull height: Double) -> Double {
        var configuration = RewardConfiguration()
        configuration.shape = self
        return configuration.effectiveTerms[0].shape.value(of: height) ?? .nan
    }

    var floor: Double {
        var configuration = RewardConfiguration()
        configuration.shape = self
        return configuration.floor
    }
}

extension Crystal {
    /// Fm-3m with two elements at a and b.
    static func rockSalt(_ first: String = "Na", _ second: String = "Cl", a: Double = 5.64) -> Crystal {
        cubic(225, [(1, first, .zero), (2, second, SIMD3(repeating: 0.5))], a: a)
    }

    /// Face-centred cubic.
    static func element(_ symbol: String, a: Double = 4) -> Crystal { cubic(225, [(1, symbol, .zero)], a: a) }

    /// A cubic crystal of sites with the index of their Wyckoff position, element and coordinates.
    static func cubic(_ group: Int, _ sites: [(Int, String, SIMD3<Double>)], a: Double) -> Crystal {
        // invariant of the tests: groups and symbols exist.
        guard let spaceGroup = SpaceGroup(number: group) else { preconditionFailure("no space group \(group)") }
        let all = sites.map { wyckoff, symbol, position in
            guard let element = Element(symbol: symbol) else { preconditionFailure("no element \(symbol)") }
            return Crystal.Site(wyckoff: wyckoff, element: element, position: position)
        }
        return Crystal(
            spaceGroup: spaceGroup, sites: all,
            lattice: LatticeParameters(a: a, b: a, c: a, alpha: 90, beta: 90, gamma: 90))
    }
}

import Crystals
import Foundation
import Refinement
import Testing

/// Walks end in the distribution that they are said to have. Seeds are fixed, so the numbers are.
@Suite struct StationaryDistributionTests {
    private let elements = [3, 11, 19].compactMap(Element.init(atomicNumber:))
    /// log p and E of the nine crystals that two sites and three elements make; one is not allowed.
    private let logProbabilities = [0.0, 1.0, -0.7, 0.4, -1.2, 0.9, 0.2, 0.6, -0.3]
    private let energies: [Double?] = [0.1, 0.9, -0.2, nil, 0.4, 1.2, 0.0, -0.5, 0.3]

    private func index(_ crystal: Crystal) -> Int {
        let places = crystal.sites.map { elements.firstIndex(of: $0.element) ?? 0 }
        return 3 * places[0] + places[1]
    }

    private func settings(_ moves: Set<MoveKind>, steps: Int) -> RefinementSettings {
        var settings = RefinementSettings()
        settings.steps = steps
        settings.alpha = 1.5
        settings.elements = elements
        settings.moves = moves
        settings.seed = 5
        return settings
    }

    /// (p exp(-alpha E))^(1/T), normalised.
    private func expected(alpha: Double, temperature: Double = 1) -> [Double] {
        let weights = zip(logProbabilities, energies).map { log, energy in
            energy.map { exp((log - alpha * $0) / temperature) } ?? 0
        }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    private func frequencies(_ states: [Crystal]) -> [Double] {
        var counts = [Double](repeating: 0, count: 9)
        for state in states { counts[index(state)] += 1 / Double(states.count) }
        return counts
    }

    /// 27.9 is exceeded once in a thousand with eight degrees of freedom; there are seven, one crystal being excluded.
    private func expectAgreement(_ states: [Crystal], _ expected: [Double]) {
        let found = frequencies(states)
        var statistic = 0.0
        for (share, probability) in zip(found, expected) {
            guard probability > 0 else {
                #expect(share == 0)
                continue
            }
            statistic += Double(states.count) * (share - probability) * (share - probability) / probability
        }
        #expect(statistic < 24.3, "\(found), not \(expected)")
    }

    @Test(arguments: [
        Set([MoveKind.element]), [.element, .substitution], [.element, .exchange],
        [.substitution, .exchange, .element],
    ])
    func elements_endInTheirDistribution(moves: Set<MoveKind>) throws {
        let results = try Refinement.walk(
            ToyCrystals.rockSalt(), copies: 3000, settings(moves, steps: 40),
            logProbability: { logProbabilities[index($0)] }, energy: { energies[index($0)] })
        expectAgreement(results.map(\.end.crystal), expected(alpha: 1.5))
    }

    /// The chain of temperature 1 keeps its distribution while it exchanges with hotter ones, and exchanges are taken
    /// as often as the two distributions say.
    @Test func tempering_keepsTheDistribution_andExchangesAsOftenAsKnown() throws {
        var settings = settings([.element], steps: 200)
        settings.temperatures = [1, 3]
        settings.exchangeInterval = 2
        let results = try Refinement.walk(
            ToyCrystals.rockSalt(), copies: 1000, settings, logProbability: { logProbabilities[index($0)] },
            energy: { energies[index($0)] })
        expectAgreement(results.map(\.end.crystal), expected(alpha: 1.5))

        let (cold, hot) = (expected(alpha: 1.5), expected(alpha: 1.5, temperature: 3))
        var rate = 0.0
        for first in 0..<9 where cold[first] > 0 {
            for second in 0..<9 where hot[second] > 0 {
                let ratio = pow(cold[second] / cold[first], 1 - 1.0 / 3)
                rate += cold[first] * hot[second] * min(1, ratio)
            }
        }
        var count = MoveCount()
        for result in results { count += result.exchanges[0] }
        #expect(count.proposed == 1000 * 100)
        #expect(abs(try #require(count.rate) - rate) < 0.015, "\(count), not \(rate)")
    }

    /// A von Mises density of x on "x,x,z" of P4mm: the mean of its cosine is I1(2)/I0(2).
    @Test func coordinates_endInTheirDistribution_onTheirPosition() throws {
        var settings = settings([.coordinates], steps: 60)
        settings.alpha = 0.5
        let crystal = try ToyCrystals.crystal(99, [(4, 3, SIMD3(0.1, 0.1, 0.7))])
        let results = try Refinement.walk(
            crystal, copies: 3000, settings,
            logProbability: { cos(2 * .pi * ($0.sites[0].position.x - 0.3)) },
            energy: { -2 * cos(2 * .pi * ($0.sites[0].position.x - 0.3)) })
        let positions = results.map(\.end.crystal.sites[0].position)
        #expect(positions.allSatisfy { abs($0.x - $0.y) < 1e-12 && (0..<1).contains($0.x) && (0..<1).contains($0.z) })
        let mean = positions.reduce(0) { $0 + cos(2 * .pi * ($1.x - 0.3)) } / 3000
        let sine = positions.reduce(0) { $0 + sin(2 * .pi * ($1.x - 0.3)) } / 3000
        #expect(abs(mean - 0.697775) < 0.03 && abs(sine) < 0.05, "\(mean) \(sine)")
        // z is free: uniform.
        let uniform = positions.reduce(0) { $0 + cos(2 * .pi * $1.z) } / 3000
        #expect(abs(uniform) < 0.05, "\(uniform)")
    }

    /// Normal densities of scaled lengths and of angles in radians. Proposals that were symmetric in other variables,
    /// such as logarithms or the volume, would move the means by ten of their errors.
    @Test func lattice_endsInTheDistributionOfThePolicysVariables() throws {
        var settings = settings([.lattice], steps: 120)
        settings.latticeWidth = 0.6
        // Eight atoms: lengths are twice the scaled ones.
        let crystal = try ToyCrystals.crystal(
            14, [(5, 3, SIMD3(0.1, 0.2, 0.3)), (5, 8, SIMD3(0.6, 0.2, 0.3))],
            lattice: LatticeParameters(a: 5, b: 6, c: 7, alpha: 90, beta: 95, gamma: 90))
        func variables(_ crystal: Crystal) -> [Double] {
            let lattice = crystal.lattice
            return [lattice.a / 2, lattice.b / 2, lattice.c / 2, lattice.beta * .pi / 180]
        }
        let (means, widths) = ([3.0, 2.5, 3.5, 1.7], [0.5, 0.4, 0.6, 0.2])
        let results = try Refinement.walk(
            crystal, copies: 2000, settings,
            logProbability: { crystal in
                zip(variables(crystal), zip(means, widths)).reduce(0) { sum, item in
                    let z = (item.0 - item.1.0) / item.1.1
                    return sum - z * z / 2
                }
            })
        let ends = results.map(\.end.crystal)
        #expect(ends.allSatisfy { $0.lattice.alpha == 90 && $0.lattice.gamma == 90 })
        for index in means.indices {
            let values = ends.map { variables($0)[index] }
            let mean = values.reduce(0, +) / 2000
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
            let (width, error) = (widths[index], widths[index] / 2000.0.squareRoot())
            #expect(abs(mean - means[index]) < 4 * error, "\(index): \(mean)")
            #expect(abs(variance / (width * width) - 1) < 0.15, "\(index): \(variance)")
        }
    }
}

// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

import Base
import Crystals
import Foundation
import Policy
import PolicyFixtures
import Testing
import Trajectories

/// The sampler against 256 crystals of the reference's in each of four space groups, and its own promises.
@Suite struct SamplerTests {
    struct Reference: Decodable {
        struct Statistics: Decodable {
            let G: Int
            let samples: Int
            let mean: [String: Double]
            let standard_error: [String: Double]
            let all_sites_filled: Double
        }
        let statistics: [Statistics]
    }

    @Test func samples_haveTheReferencesStatistics() throws {
        let weights = try Fixture.weights("tiny")
        let reference: Reference = try Fixture.json("tiny/reference_samples.json")
        let count = 512
        for expected in reference.statistics {
            let group = try #require(SpaceGroup(number: expected.G))
            let samples = try draw(weights, group: group, count: count)
            let batch = try PackedBatch(samples.map(\.crystal), configuration: weights.configuration)
            let logs = LikelihoodEvaluator(layout: weights.layout).evaluate(batch, weights: weights)
            let columns: [String: [Double]] = [
                "num_sites": samples.map { Double($0.crystal.sites.count) },
                "num_atoms": samples.map { Double($0.crystal.atomCount) },
                "logp_w": logs.map(\.w), "logp_xyz": logs.map(\.xyz), "logp_a": logs.map(\.a), "logp_l": logs.map(\.l),
                "first_W": samples.map { Double($0.crystal.sites[0].wyckoff) },
                "first_A": samples.map { Double($0.crystal.sites[0].element.atomicNumber) },
                "cos_2pi_first_X": samples.map { cos(2 * .pi * $0.crystal.sites[0].position.x) },
            ]
            for (name, values) in columns {
                let mean = values.reduce(0, +) / Double(count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
                let theirs = try #require(expected.mean[name])
                let error = (variance / Double(count) + pow(try #require(expected.standard_error[name]), 2))
                    .squareRoot()
                #expect(
                    abs(mean - theirs) < 4 * error + 1e-9, "group \(expected.G) \(name): \(mean), expected \(theirs)")
            }
            let full = Double(samples.filter { !$0.isTerminated }.count) / Double(count)
            #expect(abs(full - expected.all_sites_filled) < 4 * (0.25 / Double(expected.samples)).squareRoot())
        }
    }

    @Test func sameGenerators_giveTheSameCrystals() throws {
        let weights = try Fixture.weights("tiny")
        let group = try #require(SpaceGroup(number: 62))
        #expect(try draw(weights, group: group, count: 20) == draw(weights, group: group, count: 20))
    }

    @Test(arguments: [1, 15, 62, 139, 166, 194, 225])
    func sites_areInOrderAndOnTheirRepresentative(number: Int) throws {
        let weights = try Fixture.weights("tiny")
        let group = try #require(SpaceGroup(number: number))
        for sample in try draw(weights, group: group, count: 40) {
            var previous = 0
            for site in sample.crystal.sites {
                #expect(site.wyckoff >= previous)
                previous = site.wyckoff
                let position = try #require(group.position(wyckoff: site.wyckoff))
                let projected = position.project(site.position)
                for axis in 0..<3 {
                    let difference = projected[axis] - site.position[axis]
                    #expect(abs(difference - difference.rounded()) < 1e-9)
                }
            }
        }
    }

    @Test func elementMask_isObeyed() throws {
        let weights = try Fixture.weights("tiny")
        var options = SamplingOptions()
        options.constraint = Constraint(
            elements: [try #require(Element(symbol: "Li")), try #require(Element(symbol: "O"))])
        options.temperature = 0.7
        options.topP = 0.9
        let group = try #require(SpaceGroup(number: 225))
        let samples = try Sampler(weights: weights, options: options, capacity: 30).sample(
            Array(repeating: group, count: 30),
            generators: (0..<30).map { Philox(seed: 3, domain: .testing, stream: (0, 0, UInt32($0))) }
        )
        for site in samples.flatMap(\.crystal.sites) { #expect(["Li", "O"].contains(site.element.symbol)) }
    }

    private func draw(_ weights: PolicyWeights, group: SpaceGroup, count: Int) throws -> [Sample] {
        try Sampler(weights: weights, capacity: count).sample(
            Array(repeating: group, count: count),
            generators: (0..<count).map { Philox(seed: 11, domain: .testing, stream: (1, 0, UInt32($0))) })
    }
}

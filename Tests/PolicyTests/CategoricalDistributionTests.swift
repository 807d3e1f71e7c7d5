// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

import Foundation
import Policy
import PolicyFixtures
import Testing

/// The probabilities from which categories are drawn, against the reference's sampler (tolerance: 1e-4 absolute).
@Suite struct CategoricalDistributionTests {
    struct Special: Decodable {
        struct Cases: Decodable { let cases: [Case] }
        struct Case: Decodable {
            let name: String
            let logits: [Double]
            let top_p: Double
            let temperature: Double
            let probability: [Double]
        }
        let sample_top_p: Cases
    }

    @Test func topP_matchesTheReference() throws {
        let cases = try Fixture.json("special_functions.json", as: Special.self).sample_top_p.cases
        #expect(cases.count == 75)
        // Where a cumulative probability is within rounding of p, either answer is right.
        for example in cases where !(example.name == "boundary" && example.top_p == 0.5) {
            let found = CategoricalDistribution.probabilities(
                logits: example.logits, topP: example.top_p, temperature: example.temperature)
            for (ours, theirs) in zip(found, example.probability) {
                #expect(abs(ours - theirs) < 1e-5, "\(example.name) \(example.top_p) \(example.temperature)")
            }
        }
    }

    struct Sampling: Decodable {
        struct Crystal: Decodable { let tokens: [Token] }
        struct Token: Decodable {
            let kind: String
            let logits: [Double]?
            let mixture_logits: [Double]?
            let distributions: [Distribution]
        }
        struct Distribution: Decodable {
            let atom_mask: String?
            let top_p: Double
            let temperature: Double
            let probability: [Double]?
            let weight: [Double]?
        }
        let atom_masks: [String: [Int]]
        let crystals: [Crystal]
    }

    @Test(arguments: ["tiny", "small"]) func sampledDistributions_matchTheReference(model: String) throws {
        let fixture: Sampling = try Fixture.json("\(model)/sampling.json")
        var checked = 0
        for token in fixture.crystals.flatMap(\.tokens) {
            for distribution in token.distributions {
                var logits = try #require(token.logits ?? token.mixture_logits)
                if let name = distribution.atom_mask, name != "none", let mask = fixture.atom_masks[name] {
                    for index in logits.indices where mask[index] == 0 { logits[index] = -.infinity }
                }
                let expected = try #require(distribution.probability ?? distribution.weight)
                let found = CategoricalDistribution.probabilities(
                    logits: logits.map { $0 < -1e9 ? -.infinity : $0 }, topP: distribution.top_p,
                    temperature: distribution.temperature)
                let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 1
                #expect(worst < 1e-4, "\(model) \(token.kind) p \(distribution.top_p) T \(distribution.temperature)")
                checked += 1
            }
        }
        #expect(checked > 100)
    }
}

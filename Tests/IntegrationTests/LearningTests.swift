import Foundation
import ProgramFixtures
import Report
import Testing

/// What the program is for: the base policy is a good start, and fine-tuning makes its crystals more stable.
@Suite(.serialized, .fewAtOnce) struct LearningTests {
    private static let quickstart = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Configs/quickstart.yaml").path

    /// `druse evaluate --json`: the figures, without the lines of the crystals.
    private func evaluate(_ arguments: [String]) async throws -> [EvaluationSummary] {
        let outcome = try await DruseProcess.run(["evaluate", "--json"] + arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        return outcome.output.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(EvaluationSummary.self, from: Data($0.utf8))
        }
    }

    @Test func basePolicy_isStableValidAndVaried() async throws {
        let summary = try #require(try await evaluate(["--policy", "base", "--count", "1000"]).first)
        #expect(summary.samples == 1000)
        #expect(summary.stableFraction >= 0.18)
        // Atoms nearer than half the sum of their covalent radii make one sample in twenty invalid.
        #expect(summary.validFraction >= 0.92)
        #expect(summary.uniqueFraction >= 0.98)
        #expect(summary.spaceGroups >= 70 && summary.elements >= 70)
    }

    /// Minutes a seed: the slow tier.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"), arguments: [1, 2, 3])
    func quickstart_makesCrystalsMoreStableAndKeepsThemVaried(seed: Int) async throws {
        let folder = try TemporaryFolder()
        let run = folder.path("run")
        let launch = try await DruseProcess.run([
            "launch", "--config", Self.quickstart, "--run-dir", run, "--seed", "\(seed)", "--actors", "1",
            "--reward-workers", "2",
        ])
        #expect(launch.status == 0, "\(launch.messages)")
        let summaries = try await evaluate(["--run", run, "--count", "1000", "--seed", "\(seed)"])
        let (before, after) = (try #require(summaries.first), try #require(summaries.last))
        #expect(summaries.count == 2)
        let gain = after.stableFraction - before.stableFraction
        let variance = [before, after].reduce(0) {
            $0 + $1.stableFraction * (1 - $1.stableFraction) / Double($1.samples)
        }
        #expect(gain >= 0.1 && gain > 3 * variance.squareRoot(), "gain \(gain)")
        #expect(after.uniqueFraction >= 0.9)
        // Stable pure metals are no find, and nothing drifts to them.
        let elemental = try #require(after.figures).elemental.value
        #expect(elemental <= 0.01, "\(elemental)")
    }

    /// Crystals whose evaluation fails for no fault of theirs are in neither mean nor gradient: with a fifth of them
    /// lost at random, a policy learns as well from the rest.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"))
    func aFifthOfEvaluationsFailing_leavesTheLearningCurve() async throws {
        let whole = try await SequentialRun.stableFractions(failing: 0)
        let broken = try await SequentialRun.stableFractions(failing: 5)
        func last(_ fractions: [Double]) -> Double { fractions.suffix(3).reduce(0, +) / 3 }
        let (first, second) = (last(whole), last(broken))
        // Three batches of 512, of which four fifths are measured.
        let error = (first * (1 - first) / 1536 + second * (1 - second) / 1229).squareRoot()
        #expect(first > whole[0] + 0.08, "\(whole)")
        #expect(abs(first - second) < 3 * error, "\(whole), \(broken)")
    }
}

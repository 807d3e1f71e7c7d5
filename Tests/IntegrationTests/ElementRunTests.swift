import Archive
import Base
import Crystals
import Engines
import FineTuning
import Foundation
import Policy
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// Runs that do not draw every element, over real sockets.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct ElementRunTests {
    private static let excluded: Set<String> = ["O", "F", "S", "N"]

    /// Excluded elements are in no crystal, actors and trainer agree about every log-probability, and an evaluation of
    /// the run draws what the run would.
    @Test func excludedElements_areNeverDrawn() async throws {
        let cluster = try TestCluster(versions: 2, more: "elements: {exclude: [O, F, S, N]}")
        let learner = try cluster.startLearner()
        let actor = try await cluster.startActor()
        let worker = try await cluster.startRewardWorker(threads: 2)
        try await cluster.expectEnd(of: learner, and: [actor, worker])
        let words = "excluded elements are not drawn: N, O, F, S"
        #expect(learner.text.contains("elements without a reference energy are not drawn: He, Ne, "))
        #expect(learner.text.contains(words), "\(learner.text)")
        let run = try RunDirectory.open(at: cluster.directory)
        let drawn = try RunArchive(url: run.archive, access: .readOnly).crystals(versions: 0...1)
        #expect(drawn.count == 2 * TestCluster.batchSize)
        let known = try #require(RunInputs(run).elements().constraint.elements)
        #expect(known.count == 76 - Self.excluded.count)
        for crystal in drawn {
            #expect(crystal.crystal.sites.allSatisfy { known.contains($0.element) }, "\(crystal.id)")
            #expect(crystal.reason != "missing_reference")
        }
        for record in try StepRecord.read(from: run.metrics) { #expect(record.claimsOff ?? 0 == 0) }
        // The same random numbers without a constraint draw them.
        let policy = try FineTuningRun.policy(named: "base")
        let blob = Blob(try policy.encoded())
        let free = try PolicyUnitSampler(settings: PeerSettings.text(SamplingSettings(spaceGroups: [225, 221, 166])))
        try free.load(policy: blob, reference: blob, version: 0)
        let others = try (0..<4).flatMap {
            try free.sample(WorkUnit(runSeed: 11, version: 0, unit: $0, crystalCount: TestCluster.unitSize))
        }
        #expect(others.contains { $0.crystal.sites.contains { Self.excluded.contains($0.element.symbol) } })

        let evaluation = try await DruseProcess.run([
            "evaluate", "--run", cluster.directory.path, "--count", "24", "--known", "none", "--json",
        ])
        #expect(evaluation.status == 0, "\(evaluation.messages)")
        #expect(evaluation.messages.contains("as in the run: ") && evaluation.messages.contains(words))
        let evaluated = try evaluation.objects().filter { $0["id"] != nil }.compactMap { $0["elements"] as? [String] }
        #expect(evaluated.count == 48)
        for elements in evaluated { #expect(Self.excluded.isDisjoint(with: elements)) }
    }
}

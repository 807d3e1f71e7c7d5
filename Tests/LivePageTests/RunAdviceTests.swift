import Archive
import Foundation
import LivePage
import ProgramFixtures
import Telemetry
import Testing

/// What holds a run up, as its records tell.
@Suite struct RunAdviceTests {
    /// What is said of a run whose steps spend their time like this.
    private func advice(
        wait: Double, train: Double, mode: String = "synchronous", actorsBusy: Double, workersBusy: Double,
        actorsWanted: Int = 1, workersWanted: Int = 2
    ) throws -> (bottleneck: String, text: String) {
        let open = try OpenPage(versions: [1]) { run in
            try Data("versions: 6\nmode: \(mode)\n".utf8).write(to: run.configuration)
            try FileManager.default.removeItem(at: run.metrics)
            let writer = try JSONLinesWriter(url: run.metrics)
            for step in 0..<6 {
                var record = StepRecord(step: step)
                record.crystals = 512
                (record.seconds.wait, record.seconds.train) = (wait, train)
                record.seconds.total = wait + train
                (record.workers.actors, record.workers.rewardWorkers) = (1, 2)
                try writer.append(record)
            }
            let roles = try JSONLinesWriter(url: run.roles)
            for (role, id, busy) in [("actor", "a", actorsBusy), ("reward-worker", "w", workersBusy)] {
                var record = RoleRecord(role: role, id: id)
                record.busyFraction = busy
                try roles.append(record)
            }
            var learner = RoleRecord(role: "learner", id: "learner")
            (learner.actorsWanted, learner.rewardWorkersWanted) = (actorsWanted, workersWanted)
            try roles.append(learner)
        }
        let told = try #require(try open.object("/api/runs/0/overview")["advice"] as? [String: Any])
        let details = try #require(told["details"] as? [String])
        return (
            try #require(told["bottleneck"] as? String),
            ([try #require(told["headline"] as? String)] + details).joined(separator: " ")
        )
    }

    @Test func learner_thatTrainsMostOfTheTime_isTheBottleneck() throws {
        let told = try advice(wait: 2.9, train: 7.1, actorsBusy: 0.2, workersBusy: 0.1)
        #expect(told.bottleneck == "learner")
        #expect(told.text.contains("71%") && told.text.contains("would not help"))
        #expect(told.text.contains("mode: asynchronous"))
    }

    @Test func rewardWorkers_thatAreBusyWhileTheLearnerWaits_areTheBottleneck() throws {
        let told = try advice(wait: 9, train: 1, actorsBusy: 0.2, workersBusy: 0.98, workersWanted: 5)
        #expect(told.bottleneck == "reward_workers")
        #expect(told.text.hasPrefix("Reward workers were the bottleneck: add 3."), "\(told.text)")
    }

    @Test func actors_ofWhomMoreAreWanted_areTheBottleneck() throws {
        let told = try advice(wait: 9, train: 1, actorsBusy: 0.9, workersBusy: 0.3, actorsWanted: 3)
        #expect(told.bottleneck == "actors" && told.text.contains("90% of theirs"), "\(told.text)")
    }

    @Test func nothing_standsOutWhereTimeIsShared() throws {
        #expect(try advice(wait: 6, train: 4, actorsBusy: 0.9, workersBusy: 0.3).bottleneck == "balanced")
    }
}

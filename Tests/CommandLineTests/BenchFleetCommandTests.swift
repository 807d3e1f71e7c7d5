import Foundation
import ProgramFixtures
import Testing

/// Simulated fleets: what bounds them is what the numbers say, and nothing is lost on the way.
@Suite struct BenchFleetCommandTests {
    /// A small fleet whose hub takes a given time, so that every run of a seed is the same.
    private static let small = [
        "bench", "fleet", "--workers", "8", "--actors", "2", "--crystals-per-unit", "8", "--crystals-per-task", "4",
        "--crystals-per-batch", "128", "--weight-megabytes", "1", "--steps", "6",
    ]
    private static let costs = ["--hub-costs", "5", "0.02"]

    private func simulate(_ options: String...) throws -> [String: Any] {
        let costs = options.contains("--hub-costs") ? [] : Self.costs
        let outcome = try DruseProcess.run(Self.small + costs + options)
        try #require(outcome.status == 0, "\(outcome.messages)")
        return try #require(try outcome.objects().first)
    }

    private func number(_ object: [String: Any], _ path: String...) throws -> Double {
        var value: Any? = object
        for key in path { value = (value as? [String: Any])?[key] }
        return try #require((value as? NSNumber)?.doubleValue, "\(path)")
    }

    @Test func fleet_ofASeed_isTheSameEveryTime() throws {
        let first = try DruseProcess.run(Self.small + Self.costs + ["--seed", "3"])
        let second = try DruseProcess.run(Self.small + Self.costs + ["--seed", "3"])
        let other = try DruseProcess.run(Self.small + Self.costs + ["--seed", "4"])
        #expect(first.status == 0 && !first.output.isEmpty)
        #expect(first.output == second.output)
        #expect(first.output != other.output)
    }

    @Test(arguments: ["synchronous", "asynchronous"])
    func fleet_whateverItsMode_losesNothing(mode: String) throws {
        let result = try simulate("--mode", mode)
        let ledger = try #require(result["ledger"] as? [String: Any])
        #expect(ledger["is_balanced"] as? Bool == true)
        #expect(try number(result, "ledger", "taken") == 6 * 128)
        #expect(try number(result, "ledger", "rejected") == 0)
        #expect(try number(result, "ledger", "tasks_requeued") == 0)
        #expect(try number(result, "ledger", "under_way") == 0)
        #expect(result["problems"] == nil)
    }

    @Test func fleet_whoseMeasuringIsDear_isBoundByItsWorkers() throws {
        let result = try simulate(
            "--mode", "asynchronous", "--maximum-staleness", "2", "--measure-seconds", "0.2",
            "--train-seconds", "0.0001")
        #expect(try number(result, "utilisation", "workers") > 0.85)
        // Eight workers, each five crystals a second.
        #expect(abs(try number(result, "crystals_per_second") - 40) < 4)
        #expect((result["bound_by"] as? String ?? "").contains("more reward workers"))
    }

    @Test func fleet_whoseTrainingIsDear_isBoundByItsLearner() throws {
        let result = try simulate("--mode", "asynchronous", "--train-seconds", "0.02")
        #expect(try number(result, "utilisation", "learner") > 0.85)
        #expect((result["bound_by"] as? String ?? "").contains("more threads for the learner"))
    }

    @Test func fleet_whoseHubIsSlow_isBoundByIt() throws {
        let result = try simulate(
            "--mode", "asynchronous", "--hub-costs", "3000", "0", "--train-seconds", "0.0001", "--step-seconds", "0",
            "--sample-seconds", "0.0001")
        #expect(try number(result, "utilisation", "hub") > 0.85)
        #expect((result["bound_by"] as? String ?? "").contains("the hub's thread"))
    }

    @Test func fleet_whoseLineIsNarrow_isBoundByWeights() throws {
        let result = try simulate(
            "--mode", "asynchronous", "--bandwidth", "0.004", "--train-seconds", "0.0001", "--step-seconds", "0")
        #expect(try number(result, "utilisation", "uplink") > 0.85)
        #expect((result["bound_by"] as? String ?? "").contains("weights go to actors"))
    }

    /// The learner sends a copy of a version to each relay, not to each actor, and its line does not bound the run.
    @Test func fleet_withRelays_sparesTheLearnersLine() throws {
        // A copy of a version takes a tenth of a second.
        let parts = [
            "--mode", "asynchronous", "--actors", "8", "--bandwidth", "0.08", "--train-seconds", "0.003",
            "--step-seconds", "0",
        ]
        func result(_ options: String...) throws -> [String: Any] {
            let outcome = try DruseProcess.run(Self.small + Self.costs + parts + options)
            try #require(outcome.status == 0, "\(outcome.messages)")
            return try #require(try outcome.objects().first)
        }
        func copiesAStep(_ result: [String: Any]) throws -> Double {
            try number(result, "utilisation", "uplink") * number(result, "seconds_per_step") / 0.1
        }
        let without = try result()
        #expect((without["bound_by"] as? String ?? "").contains("weights go to actors"))
        // Actors that come late have copies of the first versions, too.
        #expect(try number(without, "relays") == 0 && copiesAStep(without) > 7.9)
        #expect((without["utilisation"] as? [String: Any])?["relays"] == nil)

        let with = try result("--relays", "2")
        #expect((with["bound_by"] as? String ?? "").contains("more threads for the learner"))
        #expect(try number(with, "relays") == 2 && copiesAStep(with) < 2.1)
        #expect(try number(with, "limits", "uplink") == 4 * number(without, "limits", "uplink"))
        #expect(try number(with, "seconds_per_step") < 0.7 * number(without, "seconds_per_step"))
        #expect((with["ledger"] as? [String: Any])?["is_balanced"] as? Bool == true)
        #expect(try number(with, "ledger", "taken") == 6 * 128 && number(with, "ledger", "rejected") == 0)
    }

    /// A version takes two seconds to each of two actors.
    @Test func fleet_whoseRelaysHaveNarrowLines_isBoundByThem() throws {
        let result = try simulate(
            "--mode", "asynchronous", "--relays", "1", "--relay-bandwidth", "0.004", "--train-seconds", "0.0001",
            "--step-seconds", "0")
        #expect(try number(result, "utilisation", "relays") > 0.85)
        #expect(try number(result, "utilisation", "uplink") < 0.1)
        #expect((result["bound_by"] as? String ?? "").contains("more relays"))
    }

    /// Sampling, measuring and training overlap in the one mode and wait for one another in the other.
    @Test func fleet_inTheAsynchronousMode_makesMoreOfTheSameParts() throws {
        let parts = ["--measure-seconds", "0.05", "--sample-seconds", "0.01", "--train-seconds", "0.006"]
        let rates = try ["synchronous", "asynchronous"].map { mode in
            let outcome = try DruseProcess.run(Self.small + Self.costs + parts + ["--mode", mode])
            return try number(try #require(try outcome.objects().first), "crystals_per_second")
        }
        #expect(rates[1] > 1.3 * rates[0])
    }

    @Test(arguments: [
        (["--mode", "both"], "there is no mode both"), (["--workers", "0"], "workers"),
        (["--hub-costs", "5"], "two numbers"), (["--spread", "1"], "spread"), (["--steps", "1"], "steps"),
        (["--workers", "1000000"], "at most"), (["--bandwidth", "0"], "bandwidth"),
        (["--measure-seconds=-1"], "times"), (["--relays", "11"], "no more of them than actors"),
        (["--relays=-1"], "at least 0 relays"), (["--relay-bandwidth", "0"], "bandwidth of relays"),
    ])
    func fleet_ofNonsense_isRefusedWithItsReason(options: [String], reason: String) throws {
        let outcome = try DruseProcess.run(["bench", "fleet"] + options)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.messages.contains(reason), "\(outcome.messages)")
    }

    @Test func fleet_thatMakesNoStepInTime_saysSo() throws {
        let outcome = try DruseProcess.run(Self.small + ["--limit", "0.5", "--measure-seconds", "10"])
        #expect(outcome.status == 1 && outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("raise --limit"))
    }

    /// In the middle of a version too, every crystal that was granted is somewhere.
    @Test(arguments: ["synchronous", "asynchronous"])
    func fleet_thatEndsAtAnyTime_hasABalancedLedger(mode: String) throws {
        for limit in ["4.03", "4.4", "5.1"] {
            let result = try simulate("--mode", mode, "--limit", limit, "--steps", "1000", "--train-seconds", "0.002")
            #expect((result["ledger"] as? [String: Any])?["is_balanced"] as? Bool == true)
        }
    }

    // MARK: - Real connections

    @Test func hubSockets_tellsWhatACrystalCostsAndHowLongWorkWaits() throws {
        let outcome = try DruseProcess.run(["bench", "hub-sockets", "--threads", "1", "--seconds", "0.1"])
        try #require(outcome.status == 0, "\(outcome.messages)")
        let result = try #require(try outcome.objects().first)
        #expect(try number(result, "peers") == 500 && number(result, "crystals_per_second") > 0)
        let microseconds = try number(result, "sockets", "hub_microseconds_per_crystal")
        #expect(microseconds > 0 && microseconds < 1000)
        let median = try number(result, "sockets", "dispatch_microseconds", "median")
        #expect(try median > 0 && median <= number(result, "sockets", "dispatch_microseconds", "p99"))
    }

    // MARK: - Memory

    /// A million crystals where there is time for it.
    private static let soakCrystals =
        ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1" ? 1_000_000 : isDebug ? 20_000 : 50_000

    private static var isDebug: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }

    @Test(arguments: ["synchronous", "asynchronous"])
    func soak_ofManyCrystals_leavesMemoryFlatAndTheLedgerBalanced(mode: String) throws {
        let outcome = try DruseProcess.run(
            ["bench", "soak", "--mode", mode, "--crystals", "\(Self.soakCrystals)", "--crystals-per-batch", "500"])
        try #require(outcome.status == 0, "\(outcome.messages)")
        let result = try #require(try outcome.objects().first)
        let crystals = try number(result, "crystals")
        #expect(crystals == Double(Self.soakCrystals))
        #expect(try number(result, "ledger", "taken") == crystals)
        #expect((result["ledger"] as? [String: Any])?["is_balanced"] as? Bool == true)
        #expect(try number(result, "ledger", "rejected") == 0)
        // Where the system tells of memory: what one crystal of those after the first tenth leaves.
        if let tenth = result["resident_megabytes_at_tenth"] as? Double,
            let end = result["resident_megabytes_at_end"] as? Double
        {
            #expect(end - tenth < 12, "from \(tenth) to \(end) MB")
        }
    }

    @Test func soak_ofTooFewCrystals_isRefused() throws {
        let outcome = try DruseProcess.run(["bench", "soak", "--crystals", "100"])
        #expect(outcome.status == 64 && outcome.messages.contains("ten batches"))
    }
}

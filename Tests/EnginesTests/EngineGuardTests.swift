import Base
import Engines
import Fleet
import FleetFixtures
import Foundation
import Logging
import Protocol
import Testing
import Trajectories

/// The engine child with an engine that fails as a crystal's unit asks for (``FaultyEngine``).
@Suite(.timeLimit(.minutes(1))) struct EngineGuardTests {
    private static let program =
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "faulty-engine").path

    /// Crystals whose units tell the engine what to do: 0 is to score.
    private func crystals(_ units: [Int]) throws -> [SampledCrystal] {
        var generator = SeededGenerator(seed: 3)
        return try units.enumerated().map { index, unit in
            try Toys.crystal(CrystalID(version: 1, unit: unit, index: index), generator: &generator)
        }
    }

    private func withEngine<Value>(
        threads: Int = 1, timeLimit: Duration = .seconds(60), program: String = EngineGuardTests.program,
        _ body: (EngineGuard) throws -> Value
    ) throws -> Value {
        let engine = EngineGuard(
            command: EngineCommand(executable: program, arguments: [EngineChild.argument]).withoutBacktrace,
            threads: threads, timeLimit: timeLimit,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        defer { engine.close() }
        return try body(engine)
    }

    private func scored(_ crystal: SampledCrystal) -> RewardOutcome {
        .scored(
            Score(
                energyPerAtom: Double(crystal.id.index), energyAboveHull: Double(crystal.id.unit), reward: 0.5))
    }

    @Test func request_encoded_readsBackExactlyButForTheLogProbabilities() throws {
        let crystals = try crystals(Array(0..<50))
        let request = try #require(EngineRequest(EngineRequest(id: 7, settings: "å", crystals: crystals).frame))
        #expect(request.id == 7)
        #expect(request.settings == "å")
        let read = try request.crystals()
        #expect(read.map(\.id) == crystals.map(\.id))
        #expect(read.map(\.crystal) == crystals.map(\.crystal))
        #expect(read.map(\.terminated) == crystals.map(\.terminated))
        #expect(EngineRequest(Array(request.frame.prefix(13))) == nil)
        let cut = try #require(EngineRequest(Array(request.frame.dropLast(5))))
        #expect(throws: WireError.self) { try cut.crystals() }
    }

    @Test func score_healthyCrystals_givesTheEnginesResults() throws {
        let crystals = try crystals([0, 9, 0])
        let results = try withEngine { try $0.makeScorer("").score(crystals) }
        #expect(results == crystals.map { ScoringResult(outcome: scored($0), seconds: 0.25) })
    }

    /// Traps, aborts, faults, kills by nobody, an exit with success.
    @Test(arguments: [1, 2, 4, 5, 6, 7, 8])
    func score_crystalThatEndsTheEngine_isEngineCrashedAndItsNeighboursHaveTheirs(unit: Int) throws {
        let crystals = try crystals([0, 0, unit, 0])
        try withEngine { engine in
            let scorer = engine.makeScorer("")
            let results = try scorer.score(crystals)
            #expect(
                results.map(\.outcome)
                    == [scored(crystals[0]), scored(crystals[1]), .failed(.engineCrashed), scored(crystals[3])])
            // The next task finds an engine.
            #expect(try scorer.score([crystals[0]]).map(\.outcome) == [scored(crystals[0])])
        }
    }

    @Test func score_crystalThatHangsTheEngine_isEngineTimedOut() throws {
        let crystals = try crystals([0, 3, 0])
        let outcomes = try withEngine(timeLimit: .seconds(1)) { try $0.makeScorer("").score(crystals).map(\.outcome) }
        #expect(outcomes == [scored(crystals[0]), .failed(.engineTimedOut), scored(crystals[2])])
    }

    @Test func score_crystalInHandWhenTheEngineIsKilledFromOutside_isScored() throws {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appending(path: "killed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let crystals = try crystals([0, 10, 0])
        let outcomes = try withEngine { try $0.makeScorer(file.path).score(crystals).map(\.outcome) }
        #expect(outcomes == crystals.map { scored($0) })
    }

    @Test func score_fromManyThreads_blamesOnlyTheCrystalsAtFault() throws {
        // Two of eight tasks hold a bad crystal; all share one child.
        let tasks = try (0..<8).map { try crystals([0, $0 == 2 ? 2 : 0, 0, $0 == 5 ? 1 : 0]) }
        let outcomes = try withEngine(threads: 4) { engine in
            let (pending, answers) = (Mailbox<Int>(capacity: 8), Mailbox<(Int, [RewardOutcome])>(capacity: 8))
            for task in tasks.indices { pending.post(task, bounded: "eight tasks") }
            pending.close()
            let threads = (0..<4).map { index in
                RoleThread(name: "lane \(index)") {
                    let scorer = engine.makeScorer("")
                    while let task = pending.receive(timeout: .zero) {
                        guard let results = try? scorer.score(tasks[task]) else { continue }
                        answers.post((task, results.map(\.outcome)), bounded: "one answer a task")
                    }
                }
            }
            for thread in threads { #expect(thread.join(timeout: .seconds(50))) }
            return Dictionary(uniqueKeysWithValues: answers.takeAll())
        }
        for (index, task) in tasks.enumerated() {
            let expected = task.map { $0.id.unit == 0 ? scored($0) : RewardOutcome.failed(.engineCrashed) }
            #expect(outcomes[index] == expected)
        }
    }

    @Test func score_engineThatRefusesItsSettings_throwsItsReason() throws {
        let crystals = try crystals([0])
        #expect(throws: RoleError.cannotServe("this engine refuses")) {
            try withEngine { try $0.makeScorer("refuse").score(crystals) }
        }
    }

    @Test func score_engineThatDiesAtTheStart_throwsAndBlamesNoCrystal() throws {
        let crystals = try crystals([0])
        let error = #expect(throws: RoleError.self) {
            try withEngine { try $0.makeScorer("die at the start").score(crystals) }
        }
        #expect("\(try #require(error))".contains("5 times in a row before its first crystal (signal 6"))
    }

    @Test func score_programThatIsNotThere_throws() throws {
        let crystals = try crystals([0])
        let error = #expect(throws: RoleError.self) {
            try withEngine(program: "/no/such/program") { try $0.makeScorer("").score(crystals) }
        }
        #expect("\(try #require(error))".contains("/no/such/program: No such file"))
    }

    @Test func close_whileACrystalIsEvaluated_endsTheWaiting() throws {
        let crystals = try crystals([3])
        try withEngine { engine in
            let thread = RoleThread(name: "lane") { _ = try? engine.makeScorer("").score(crystals) }
            #expect(!thread.join(timeout: .milliseconds(200)))
            engine.close()
            #expect(thread.join(timeout: .seconds(10)))
        }
    }

    @Test func child_whoseWorkerIsGone_endsEvenInTheMiddleOfACrystal() throws {
        let journal = try EngineJournal(slots: 1)
        let command = EngineCommand(executable: Self.program, arguments: [EngineChild.argument])
        let (process, socket) = try command.start(threads: 1, journal: journal)
        #expect(socket.send(EngineRequest(id: 1, settings: "", crystals: try crystals([3])).frame))
        let deadline = Moment.now.advanced(by: .seconds(20))
        while journal.isBlank, Moment.now < deadline { usleep(1000) }
        #expect(journal.position(of: 1) == 0)
        // Whoever asks it to finish is not heard: the worker decides.
        kill(process, SIGTERM)
        kill(process, SIGINT)
        close(socket.descriptor)
        var status: Int32 = -1
        #expect(waitpid(process, &status, 0) == process)
        #expect(status == 0)
    }

    /// A whole run in which the crystals of two units crash the engine: its batch does not depend on who scored them.
    @Test func run_withCrystalsThatCrashTheEngine_givesTheSameBatchWithAnyWorkers() throws {
        func batch(workers: Int, threads: Int) throws -> [RewardOutcome] {
            let observer = RecordingObserver()
            let configuration = try Toys.configuration(versions: 1, crystalsPerBatch: 18)
            let learner = Running {
                let trainer = ToyTrainer()
                _ = try LearnerRole(configuration: configuration, observer: observer)
                    .run(trainer: trainer, stop: StopToken())
                return trainer.batches.flatMap { $0.crystals.map(\.outcome) }
            }
            let endpoint = try #require(observer.awaitStart()).peers
            let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
            let engines = (0..<workers).map { _ in
                EngineGuard(
                    command: EngineCommand(executable: Self.program, arguments: [EngineChild.argument])
                        .withoutBacktrace, threads: threads,
                    logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            }
            defer { for engine in engines { engine.close() } }
            let running = engines.enumerated().map { index, engine in
                ToyRoles.worker(ToyRoles.peer(endpoint, process: 100 + index, threads: threads)) {
                    engine.makeScorer($0)
                }
            }
            let outcomes = try learner.value()
            try actor.value()
            // None of them was lost.
            for worker in running { try worker.value() }
            return outcomes
        }
        let one = try batch(workers: 1, threads: 1)
        #expect(one.filter { $0 == .failed(.engineCrashed) }.count == 10)
        #expect(one.count == 18)
        #expect(try batch(workers: 2, threads: 2) == one)
    }

    @Test func stallWatch_crystalWithoutProgress_exceedsAfterTheLimit() {
        let begin = Moment.now
        var watch = StallWatch(limit: .seconds(10), interval: .seconds(1), now: begin)
        let exceeded = (1...30).map {
            watch.exceeds(position: 0, isStopped: false, now: begin.advanced(by: .seconds($0)))
        }
        // The first look finds the crystal begun.
        #expect(exceeded.firstIndex(of: true) == 11)
    }

    @Test func stallWatch_pauseOfTheObserverOrTheObserved_doesNotCount() {
        let begin = Moment.now
        var watch = StallWatch(limit: .seconds(10), interval: .seconds(1), now: begin)
        func look(_ seconds: Int, stopped: Bool = false, position: Int? = 0) -> Bool {
            watch.exceeds(position: position, isStopped: stopped, now: begin.advanced(by: .seconds(seconds)))
        }
        #expect(!look(1))
        #expect(!look(100_000))
        for second in 100_001...100_050 { #expect(!look(second, stopped: true)) }
        // Loading takes as long as it takes.
        for second in 100_051...100_100 { #expect(!look(second, position: nil)) }
    }
}

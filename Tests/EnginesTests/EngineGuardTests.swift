import Base
import Coordination
import Crystals
import Engines
import Fleet
import FleetFixtures
import Foundation
import Logging
import Protocol
import Testing
import Trajectories

/// The engine child with an engine that fails as an item's job asks for (``FaultyEngine``).
@Suite(.timeLimit(.minutes(1))) struct EngineGuardTests {
    private static let program =
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "faulty-engine").path

    /// Items whose jobs tell the engine what to do: 0 is to measure.
    private func items(_ jobs: [Int]) throws -> [WorkItem] {
        var generator = SeededGenerator(seed: 3)
        return try jobs.enumerated().map { index, job in
            let id = CrystalID(version: 1, unit: job, index: index)
            let sampled = try Toys.crystal(id, generator: &generator)
            return WorkItem(job: job, index: index, crystal: sampled.crystal, isTerminated: sampled.isTerminated)
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

    private func measured(_ item: WorkItem) -> Outcome {
        .measured(Measurement(energyPerAtom: Double(item.index), energyAboveHull: Double(item.job)))
    }

    @Test func request_encoded_readsBackExactly() throws {
        let structure = try items([0])[0].crystal?.structure(cell: .primitive)
        var bare = try #require(structure)
        let atoms = WorkItem(job: 1, index: 2, form: .atoms(bare))
        bare.orbits = nil
        let items = try items(Array(0..<50)) + [atoms, WorkItem(job: 3, index: 4, form: .atoms(bare))] + items([1])
        let frame = try EngineRequest(id: 7, settings: "å", items: items).frame()
        let request = try EngineRequest(frame: frame)
        #expect(request.task.id == 7)
        #expect(request.settings == "å")
        #expect(request.task.items == items)
        for count in [0, 3, 5, 13, frame.count - 5] {
            #expect(throws: WireError.self) { try EngineRequest(frame: Array(frame.prefix(count))) }
        }
    }

    /// Ten thousand requests changed at random; a million with DRUSE_SLOW_TESTS=1.
    @Test func request_changedAtRandom_isReadOrRefused() throws {
        let count = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1" ? 1_000_000 : 10_000
        let structure = try #require(try items([0])[0].crystal?.structure(cell: .primitive))
        let some = try items([0, 1]) + [WorkItem(job: 1, index: 2, form: .atoms(structure))]
        let frame = try EngineRequest(id: 7, settings: "{}", items: some).frame()
        var generator = Philox(seed: 11, domain: .testing)
        var readable = 0
        for _ in 0..<count {
            var changed = frame
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !changed.isEmpty {
                let place = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: changed[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: changed = Array(changed.prefix(place))
                case 2: changed.removeSubrange(place..<min(changed.count, place + 8))
                default: changed.insert(contentsOf: [0xff, 0xff, 0xff, 0x7f], at: place)
                }
            }
            guard (try? EngineRequest(frame: changed)) != nil else { continue }
            readable += 1
        }
        #expect((1..<count).contains(readable))
    }

    @Test func measure_healthyCrystals_givesTheEnginesResults() throws {
        let items = try items([0, 9, 0])
        let results = try withEngine { try $0.makeMeasurer("").measure(items) }
        #expect(results == items.map { MeasuringResult(outcome: measured($0), seconds: 0.25) })
    }

    /// Traps, aborts, faults, kills by nobody, an exit with success.
    @Test(arguments: [1, 2, 4, 5, 6, 7, 8])
    func measure_crystalThatEndsTheEngine_isEngineCrashedAndItsNeighboursHaveTheirs(unit: Int) throws {
        let items = try items([0, 0, unit, 0])
        try withEngine { engine in
            let measurer = engine.makeMeasurer("")
            let results = try measurer.measure(items)
            #expect(
                results.map(\.outcome)
                    == [measured(items[0]), measured(items[1]), .failed(.engineCrashed), measured(items[3])])
            // The next task finds an engine.
            #expect(try measurer.measure([items[0]]).map(\.outcome) == [measured(items[0])])
        }
    }

    @Test func measure_crystalThatHangsTheEngine_isEngineTimedOut() throws {
        let items = try items([0, 3, 0])
        let outcomes = try withEngine(timeLimit: .seconds(1)) { try $0.makeMeasurer("").measure(items).map(\.outcome) }
        #expect(outcomes == [measured(items[0]), .failed(.engineTimedOut), measured(items[2])])
    }

    @Test func measure_crystalInHandWhenTheEngineIsKilledFromOutside_isScored() throws {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appending(path: "killed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let items = try items([0, 10, 0])
        let outcomes = try withEngine { try $0.makeMeasurer(file.path).measure(items).map(\.outcome) }
        #expect(outcomes == items.map { measured($0) })
    }

    @Test func measure_fromManyThreads_blamesOnlyTheCrystalsAtFault() throws {
        // Two of eight tasks hold a bad crystal; all share one child.
        let tasks = try (0..<8).map { try items([0, $0 == 2 ? 2 : 0, 0, $0 == 5 ? 1 : 0]) }
        let outcomes = try withEngine(threads: 4) { engine in
            let (pending, answers) = (Mailbox<Int>(capacity: 8), Mailbox<(Int, [Outcome])>(capacity: 8))
            for task in tasks.indices { pending.post(task, bounded: "eight tasks") }
            pending.close()
            let threads = (0..<4).map { index in
                RoleThread(name: "lane \(index)") {
                    let measurer = engine.makeMeasurer("")
                    while let task = pending.receive(timeout: .zero) {
                        guard let results = try? measurer.measure(tasks[task]) else { continue }
                        answers.post((task, results.map(\.outcome)), bounded: "one answer a task")
                    }
                }
            }
            for thread in threads { #expect(thread.join(timeout: .seconds(50))) }
            return Dictionary(uniqueKeysWithValues: answers.takeAll())
        }
        for (index, task) in tasks.enumerated() {
            let expected = task.map { $0.job == 0 ? measured($0) : Outcome.failed(.engineCrashed) }
            #expect(outcomes[index] == expected)
        }
    }

    @Test func measure_engineThatRefusesItsSettings_throwsItsReason() throws {
        let items = try items([0])
        #expect(throws: RoleError.cannotServe("this engine refuses")) {
            try withEngine { try $0.makeMeasurer("refuse").measure(items) }
        }
    }

    @Test func measure_engineThatDiesAtTheStart_throwsAndBlamesNoCrystal() throws {
        let items = try items([0])
        let error = #expect(throws: RoleError.self) {
            try withEngine { try $0.makeMeasurer("die at the start").measure(items) }
        }
        #expect("\(try #require(error))".contains("5 times in a row before its first crystal (signal 6"))
    }

    @Test func measure_programThatIsNotThere_throws() throws {
        let items = try items([0])
        let error = #expect(throws: RoleError.self) {
            try withEngine(program: "/no/such/program") { try $0.makeMeasurer("").measure(items) }
        }
        #expect("\(try #require(error))".contains("/no/such/program: No such file"))
    }

    @Test func close_whileACrystalIsEvaluated_endsTheWaiting() throws {
        let items = try items([3])
        try withEngine { engine in
            let thread = RoleThread(name: "lane") { _ = try? engine.makeMeasurer("").measure(items) }
            #expect(!thread.join(timeout: .milliseconds(200)))
            engine.close()
            #expect(thread.join(timeout: .seconds(10)))
        }
    }

    @Test func child_whoseWorkerIsGone_endsEvenInTheMiddleOfACrystal() throws {
        let journal = try EngineJournal(slots: 1)
        let command = EngineCommand(executable: Self.program, arguments: [EngineChild.argument])
        let (process, socket) = try command.start(threads: 1, journal: journal)
        #expect(socket.send(try EngineRequest(id: 1, settings: "", items: try items([3])).frame()))
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
        func batch(workers: Int, threads: Int) throws -> [Outcome] {
            let observer = RecordingObserver()
            var configuration = try Toys.configuration(versions: 1, crystalsPerBatch: 18)
            configuration.recipes = [MeasuringRecipe(settings: "units of 8")]
            let learner = Running { [configuration] in
                let trainer = ToyTrainer()
                _ = try LearnerRole(configuration: configuration, observer: observer)
                    .run(trainer: trainer, stop: StopToken())
                return trainer.batches.flatMap { $0.crystals.map(\.outcome) }
            }
            let endpoint = try #require(observer.awaitStart())
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
                    engine.makeMeasurer($0)
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

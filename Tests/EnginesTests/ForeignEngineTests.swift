import Base
import Crystals
import Engines
import Foundation
import Potentials
import ProgramFixtures
import Testing

/// Foreign engines, sound ones and such that fail as the first atom of a structure asks for (`faulty_engine.py`).
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled("needs python3") { TestEngines.python != nil })
struct ForeignEngineTests {
    /// The atomic numbers by which a structure asks for a failure.
    private enum Ask {
        static let (nothing, rubbish, hang, abort, exit, wrongBatch, notANumber, truncated) = (1, 2, 3, 4, 5, 6, 7, 8)
        static let (wrongCount, failed, batchFailed, memoryOfTwo, noMemory, killedOnce) = (9, 10, 11, 12, 13, 14)
        static let (infinite, closed, twice, missing, stranger, doubled) = (15, 16, 17, 18, 19, 20)
    }

    private let log = LogLines()

    private func withEngine<Value>(
        start: String = "", file: String = "", settings: ForeignEngine.Settings? = nil,
        environment: [String: String] = ["PATH": "/usr/bin:/bin"], _ body: (ForeignEngine) throws -> Value
    ) throws -> Value {
        let python = try #require(TestEngines.python)
        let engine = ForeignEngine(
            command: try ForeignCommand(
                words: [python, TestEngines.file("faulty_engine.py"), start, file], environment: environment),
            settings: settings ?? self.settings(), logger: log.logger)
        defer { engine.close() }
        return try body(engine)
    }

    private func settings(
        isShared: Bool = false, timeLimit: Duration = .seconds(600), device: String = ""
    ) -> ForeignEngine.Settings {
        var settings = ForeignEngine.Settings()
        settings.isShared = isShared
        settings.timeLimit = timeLimit
        settings.device = device
        settings.pause = .milliseconds(1)
        return settings
    }

    /// Structures whose first atoms ask for something, told apart by their cells.
    private func structures(_ numbers: [Int]) throws -> [Structure] {
        let oxygen = try #require(Element(symbol: "O"))
        return try numbers.enumerated().map { index, number in
            let element = try #require(Element(atomicNumber: number))
            return Structure(
                cell: Cell(a: SIMD3(4 + Double(index), 0, 0), b: SIMD3(0, 5, 0), c: SIMD3(0, 0, 6)),
                elements: [element] + Array(repeating: oxygen, count: index % 3),
                fractionalCoordinates: (0...index % 3).map { SIMD3(repeating: 0.25 * Double($0)) })
        }
    }

    /// What the engine makes of a structure that asks for nothing.
    private func energy(_ structure: Structure) -> Double { -0.01 * structure.cell.a.x }

    private func problem(_ result: Result<PotentialEvaluation, PotentialError>) -> PotentialError.EngineProblem? {
        if case .failure(.engine(let problem)) = result { problem } else { nil }
    }

    private func value(_ result: Result<PotentialEvaluation, PotentialError>) -> Double? {
        try? result.get().energyPerAtom
    }

    private func evaluate(_ engine: ForeignEngine, _ structures: [Structure]) -> [Result<Double, PotentialError>] {
        engine.makeEvaluator().evaluate(structures, .energy).map { $0.map(\.energyPerAtom) }
    }

    // MARK: Sound answers

    @Test func evaluate_soundStructures_givesTheirNumbersExactlyAndInOrder() throws {
        let structures = try structures(Array(repeating: Ask.nothing, count: 150))
        try withEngine { engine in
            let results = engine.makeEvaluator().evaluate(structures, .energy)
            #expect(try results.map { try $0.get().energyPerAtom } == structures.map(energy))
            // 150 in batches of 64: what else it gives comes with the energy.
            let atoms = try results.map { try $0.get().quantities["atoms_of_batch"] }
            let expected = [0..<64, 64..<128, 128..<150].flatMap { range in
                range.map { _ in Double(structures[range].reduce(0) { $0 + $1.atomCount }) }
            }
            #expect(atoms == expected)
            #expect(engine.faults.isEmpty)
            // It gives no forces, and is not asked for them.
            let forces = engine.makeEvaluator().evaluate([structures[0]], [.energy, .forces])[0]
            #expect(problem(forces) == .failed("faulty does not give what was asked for"))
        }
    }

    @Test func evaluate_onSeveralThreads_usesAProcessEachOrOneForAll() throws {
        for isShared in [false, true] {
            try withEngine(settings: settings(isShared: isShared)) { engine in
                let evaluators = (0..<3).map { _ in engine.makeEvaluator() }
                let structures = try structures([Ask.nothing])
                let processes = try evaluators.map {
                    try $0.evaluate(structures, .energy)[0].get().quantities["pid"]
                }
                #expect(Set(processes).count == (isShared ? 1 : 3))
            }
        }
    }

    @Test func evaluate_sharedByManyThreads_putsTheirStructuresTogetherAndGivesEachItsOwn() throws {
        try withEngine(settings: settings(isShared: true)) { engine in
            let lists = try (0..<8).map { count in
                try Array(structures(Array(repeating: Ask.nothing, count: 12)).dropFirst(count))
            }
            let results = Mailbox<(Int, [Double?])>(capacity: 800)
            let threads = lists.enumerated().map { index, list in
                RoleThread(name: "lane \(index)") {
                    let evaluator = engine.makeEvaluator()
                    for _ in 0..<20 {
                        let energies = evaluator.evaluate(list, .energy).map { try? $0.get().energyPerAtom }
                        results.post((index, energies), bounded: "160 of them")
                    }
                }
            }
            for thread in threads { #expect(thread.join(timeout: .seconds(60))) }
            let all = results.takeAll()
            #expect(all.count == 160)
            for (index, energies) in all { #expect(energies == lists[index].map(energy)) }
        }
    }

    // MARK: Failures

    /// What each failure is called for the crystal at fault, and in the counts.
    @Test(arguments: [
        (Ask.rubbish, "not one to", "rubbish"), (Ask.abort, "ends", "died"), (Ask.exit, "ends", "died"),
        (Ask.wrongBatch, "answered for batch", "wrong_batch"),
        (Ask.notANumber, "no finite energy_per_atom", "not_finite"),
        (Ask.infinite, "no finite energy_per_atom", "not_finite"),
        (Ask.truncated, "in the middle of an answer", "truncated"), (Ask.wrongCount, "must be f64 [1]", "wrong_answer"),
        (Ask.missing, "energy_per_atom is missing", "wrong_answer"), (Ask.stranger, "not asked for", "wrong_answer"),
        (Ask.doubled, "energy_per_atom stands twice", "wrong_answer"),
        (Ask.failed, "it does not converge", ""), (Ask.batchFailed, "no such thing", "failed"),
        (Ask.noMemory, "not enough memory", "out_of_memory"),
    ])
    func evaluate_structureThatTheEngineFailsAt_failsAloneAndItsNeighboursHaveTheirs(
        ask: Int, words: String, reason: String
    ) throws {
        let structures = try structures([Ask.nothing, Ask.nothing, ask, Ask.nothing])
        try withEngine { engine in
            let results = engine.makeEvaluator().evaluate(structures, .energy)
            let found = try #require(problem(results[2]))
            #expect(ask == Ask.rubbish ? "\(found)".contains("SCF cycle 1") : "\(found)".contains(words), "\(found)")
            for index in [0, 1, 3] { #expect(value(results[index]) == energy(structures[index])) }
            if !reason.isEmpty { #expect(engine.faults[reason, default: 0] > 0, "\(engine.faults)") }
            // It goes on as if nothing had been.
            #expect(evaluate(engine, structures.dropLast(2)) == structures.dropLast(2).map { .success(energy($0)) })
        }
    }

    @Test func evaluate_structureThatHangs_isGivenUpAfterTheTimeLimit() throws {
        let structures = try structures([Ask.nothing, Ask.hang, Ask.nothing])
        try withEngine(settings: settings(timeLimit: .seconds(1))) { engine in
            let results = engine.makeEvaluator().evaluate(structures, .energy)
            #expect(problem(results[1]) == .timedOut)
            #expect(value(results[0]) == energy(structures[0]))
            #expect(value(results[2]) == energy(structures[2]))
            #expect(engine.faults == ["timed_out": 2])
        }
    }

    @Test func evaluate_engineThatClosesItsOutput_isStartedAgain() throws {
        let structures = try structures([Ask.nothing, Ask.closed])
        try withEngine(settings: settings(timeLimit: .seconds(60))) { engine in
            let results = engine.makeEvaluator().evaluate(structures, .energy)
            #expect(value(results[0]) == energy(structures[0]))
            let words = "it closed its standard output and went on"
            #expect(problem(results[1]).map { "\($0)".hasSuffix(words) } == true)
        }
    }

    @Test func evaluate_engineThatAnswersTwice_isStartedAgainAndLosesNothing() throws {
        let structures = try structures([Ask.twice, Ask.nothing, Ask.twice])
        try withEngine { engine in
            let evaluator = engine.makeEvaluator()
            for structure in structures {
                let result = evaluator.evaluate([structure], .energy)[0]
                #expect(value(result) == energy(structure))
            }
            #expect(engine.faults["wrong_batch", default: 0] > 0)
        }
    }

    @Test func evaluate_structureInHandWhenTheEngineIsKilledFromOutside_isEvaluated() throws {
        let folder = try TemporaryFolder()
        let structures = try structures([Ask.nothing, Ask.killedOnce, Ask.nothing])
        try withEngine(file: folder.path("killed")) { engine in
            #expect(evaluate(engine, structures) == structures.map { .success(energy($0)) })
            #expect(engine.faults == ["died": 1])
        }
        let single = try TemporaryFolder()
        try withEngine(file: single.path("killed")) { engine in
            #expect(evaluate(engine, [structures[1]]) == [.success(energy(structures[1]))])
        }
    }

    @Test func evaluate_batchThatDoesNotFitIntoMemory_isHalvedUntilItDoes() throws {
        let structures = try structures(Array(repeating: Ask.memoryOfTwo, count: 16))
        try withEngine { engine in
            #expect(evaluate(engine, structures) == structures.map { .success(energy($0)) })
            #expect(engine.faults == ["out_of_memory": 3])
            // From then on it is asked for as many as it took.
            #expect(evaluate(engine, structures) == structures.map { .success(energy($0)) })
            #expect(engine.faults == ["out_of_memory": 3])
        }
    }

    /// Ten in a row that fail are the structures' own fault, as long as the engine can still do what it could.
    @Test func evaluate_manyStructuresThatCrashTheEngine_blamesThemWhileItStillWorks() throws {
        let structures = try structures([Ask.nothing] + Array(repeating: Ask.abort, count: 7))
        try withEngine { engine in
            let evaluator = engine.makeEvaluator()
            _ = evaluator.evaluate([structures[0]], .energy)
            let results = evaluator.evaluate(Array(structures.dropFirst()), .energy)
            #expect(results.allSatisfy { problem($0) == .crashed })
            #expect(log.all.count { $0.contains(": not measured") } == 7)
        }
    }

    // MARK: The process

    @Test func engine_isTold_nothingSecretAndOwnsNothingOfTheWorkers() throws {
        // A descriptor that would be inherited.
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        let own = ["PATH": "/usr/bin:/bin", "DRUSE_SECRET_KEY": "x", "HF_SECRET": "y", "OMP_NUM_THREADS": "3"]
        let environment = EngineEnvironment.passedOn(of: own)
        #expect(environment == ["PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "3"])
        try withEngine(settings: settings(device: "cuda:7"), environment: environment) { engine in
            let found = try engine.makeEvaluator().evaluate(structures([Ask.nothing]), .energy)[0].get().quantities
            // Its standard ones, the two that the engine made of them, and the folder it lists.
            #expect(found["descriptors"] == 6)
            #expect(found["leads_group"] == 1)
            #expect(found["secrets"] == 0)
            #expect(log.all.contains { $0.contains("faulty cuda:7 (digest cafe), mp2020-corrected, gives") })
        }
        #expect(EngineEnvironment.passedOn(of: own, more: ["HF_SECRET"])["HF_SECRET"] == "y")
        #expect(EngineEnvironment.passedOn(of: ["HOME": "/"], sideBySide: 4)["OMP_NUM_THREADS"] == "1")
    }

    @Test func engine_thatSaysALot_isHeardWithinALimit() throws {
        try withEngine(start: "flood") { engine in
            let structures = try structures([Ask.nothing])
            #expect(evaluate(engine, structures) == [.success(energy(structures[0]))])
            #expect(log.hasLine { $0.contains("line 40") })
        }
        #expect(log.hasLine { $0.contains("are left out") })
        let lines = log.all.filter { $0.hasPrefix("engine: ") }
        #expect((40...100).contains(lines.count), "\(lines.count)")
        #expect(lines.allSatisfy { $0.utf8.count <= 520 })
        #expect(lines.contains { $0.hasPrefix("engine: xxxx") && $0.hasSuffix(" ...") })
    }

    @Test func close_whileTheEngineHangs_endsTheWaiting() throws {
        let structures = try structures([Ask.hang])
        try withEngine { engine in
            let thread = RoleThread(name: "lane") { _ = engine.makeEvaluator().evaluate(structures, .energy) }
            #expect(!thread.join(timeout: .milliseconds(300)))
            engine.close()
            #expect(thread.join(timeout: .seconds(20)))
        }
    }
}

/// What `Documentation/engines.md` shows.
@Suite(.timeLimit(.minutes(1)), .enabled("needs a C compiler, cc") { TestEngines.compiler != nil })
struct EngineDocumentTests {
    /// The bytes of the transcript that one side writes.
    private func transcript(_ side: String) throws -> [UInt8] {
        let text = try String(contentsOfFile: TestEngines.document, encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("\(side)> ") }.flatMap { line in
            line.split(separator: " ").dropFirst(2).prefix(16).prefix { $0.count == 2 }.compactMap {
                UInt8($0, radix: 16)
            }
        }
    }

    @Test func transcript_isWhatGoesOverThePipes() throws {
        let folder = try TemporaryFolder()
        let compiler = try #require(TestEngines.compiler)
        let program = try TestEngines.compile("table_engine.c", with: compiler, into: folder)
        let a = 2.8
        let structure = Structure(
            cell: Cell(a: SIMD3(0, a, a), b: SIMD3(a, 0, a), c: SIMD3(a, a, 0)),
            elements: [try #require(Element(symbol: "Na")), try #require(Element(symbol: "Cl"))],
            fractionalCoordinates: [.zero, SIMD3(repeating: 0.5)])
        // The engine's table has the key of the document's structure.
        let requests = try transcript("worker")
        let key = requests.suffix(72 + 8 + 48).reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        let record = withUnsafeBytes(of: (key.littleEndian, (-3.4).bitPattern.littleEndian)) { Data($0) }
        try record.write(to: folder.url.appending(path: "table"))
        let engine = ForeignEngine(
            command: try ForeignCommand(
                words: ["sh", "-c", "cd '\(folder.url.path)'; tee requests | '\(program)' table | tee answers"],
                environment: ["PATH": "/usr/bin:/bin"]),
            settings: .init(), logger: LogLines().logger)
        defer { engine.close() }
        let result = engine.makeEvaluator().evaluate([structure], .energy)[0]
        #expect(result.map(\.energyPerAtom) == .success(-3.4))
        for (file, side) in [("requests", "worker"), ("answers", "engine")] {
            let expected = try transcript(side)
            func written() throws -> [UInt8] { Array(try Data(contentsOf: folder.url.appending(path: file))) }
            // `tee` writes the pipe first, the file after it.
            let deadline = Moment.now.advanced(by: .seconds(20))
            while try written().count < expected.count, Moment.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
            #expect(try written() == expected)
        }
    }
}

import Base
import Foundation
import ProgramFixtures
import Testing

/// Evaluations that reward workers measure, in processes of their own over real sockets: their numbers are those of an
/// evaluation here, whatever happens to the workers.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct WorkerEvaluationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The crystals that an evaluation keeps, with all verdicts.
    private func lines(_ name: String, _ kind: String = "policy") throws -> [Substring] {
        try String(contentsOfFile: folder.path("\(name)/crystals-\(kind).jsonl"), encoding: .utf8)
            .split(separator: "\n")
    }

    private func start(_ program: String, _ arguments: [String], _ name: String) throws -> RunningProgram {
        try RunningProgram(
            program, arguments, isRole: program != "druse", log: folder.url.appending(path: "\(name).log"))
    }

    private func evaluation(_ arguments: [String], _ name: String, listen: String = "tcp://127.0.0.1:0") throws
        -> RunningProgram
    {
        try start("druse", ["evaluate"] + arguments + ["--save", folder.path(name), "--listen", listen], name)
    }

    /// Waits for a condition.
    private func until(_ what: String, _ programs: [RunningProgram], _ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                let texts = programs.map { "--- \($0.name)\n\($0.text)" }.joined(separator: "\n")
                throw TestCluster.TimedOut(description: "not in time: \(what)\n\(texts)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func endpoint(of evaluation: RunningProgram) async throws -> String {
        try await until("it listens", [evaluation]) { evaluation.text.contains("listening at ") }
        let line = evaluation.text.split(separator: "\n").first { $0.hasPrefix("listening at ") }
        return try #require(line?.split(separator: " ").last.map(String.init))
    }

    private func here(_ arguments: [String], _ name: String) async throws {
        let outcome = try await DruseProcess.run(["evaluate"] + arguments + ["--save", folder.path(name)])
        #expect(outcome.status == 0, "\(outcome.messages)")
    }

    /// Work enough for a worker to be killed in the middle of it: optimised, a crystal takes a fiftieth of the time.
    #if DEBUG
        private static let count = 10
    #else
        private static let count = 100
    #endif
    private static let policy = [
        "--policy", "base", "--space-groups", "225,166,62", "--count", "\(count)", "--relax", "--steps", "25",
        "--known", "none",
    ]

    /// How many crystals an evaluation has in its log.
    private func measuredCount(_ name: String, _ kind: String = "policy") -> Int {
        let text = (try? String(contentsOfFile: folder.path("\(name)/measured-\(kind).jsonl"), encoding: .utf8)) ?? ""
        // The first line says of what it is.
        return max(0, text.split(separator: "\n").count - 1)
    }

    /// A worker killed in the middle, others that join late: the same lines as without workers.
    @Test func evaluation_whoseWorkerIsKilled_hasTheNumbersOfOneHere() async throws {
        try await here(Self.policy, "here")
        let evaluation = try evaluation(Self.policy, "remote")
        let address = try await endpoint(of: evaluation)
        let first = try start("reward-worker", ["--connect", address], "first")
        try await until("it joins", [evaluation, first]) { evaluation.text.contains("joined: reward-worker") }
        // Invalid crystals are in the log before any worker comes.
        let before = measuredCount("remote")
        try await until("some are measured", [evaluation, first]) { measuredCount("remote") >= before + 2 }
        first.signal(SIGKILL)
        try await until("it is missed", [evaluation]) { evaluation.text.contains("lost: reward-worker") }
        #expect(measuredCount("remote") < 3 * Self.count)
        let second = try start("reward-worker", ["--connect", address], "second")
        let third = try start("reward-worker", ["--connect", address], "third")
        try await until("the evaluation ends", [evaluation, second, third]) { !evaluation.isRunning }
        #expect(evaluation.status == 0, "\(evaluation.text)")
        for worker in [second, third] {
            try await until("the workers leave", [worker]) { !worker.isRunning }
            #expect(worker.status == 0 && worker.text.contains("the evaluation ends"), "\(worker.text)")
        }
        let (local, remote) = (try lines("here"), try lines("remote"))
        #expect(local.count == 3 * Self.count && remote == local)
        #expect(local.contains { $0.contains("\"relaxed\"") })
    }

    /// Displaced crystals without symmetry, and structures from files, travel atom by atom; a second judge is asked of
    /// the same workers.
    @Test func displacedCrystals_andStructuresOfFiles_haveTheNumbersOfAnEvaluationHere() async throws {
        let salt = """
            {"id":"salt","lattice":[[0,2.82,2.82],[2.82,0,2.82],[2.82,2.82,0]],"species":["Na","Cl"],\
            "frac_coords":[[0,0,0],[0.5,0.5,0.51]]}
            {"id":"iron","lattice":[[2.6,0,0],[0,2.6,0],[0,0,3.1]],"species":["Fe","Fe"],\
            "frac_coords":[[0,0,0],[0.5,0.48,0.5]]}
            {"id":"dense","lattice":[[1,0,0],[0,1,0],[0,0,1]],"species":["Fe"],"frac_coords":[[0,0,0]]}

            """
        let file = try folder.file("made.jsonl", salt)
        let cases = [
            (
                "policy",
                [
                    "--policy", "base", "--space-group", "225", "--count", "6", "--relax", "--rattle", "0.03",
                    "--steps", "15", "--known", "none", "--judge", "chgnet-0.2.0",
                ]
            ),
            ("structures", ["--structures", file, "--relax", "--steps", "30", "--known", "none"]),
        ]
        for (kind, arguments) in cases {
            try await here(arguments, "here-\(kind)")
            let evaluation = try evaluation(arguments, "remote-\(kind)")
            let address = try await endpoint(of: evaluation)
            let worker = try start("reward-worker", ["--connect", address, "--threads", "2"], "worker-\(kind)")
            try await until("the evaluation ends", [evaluation, worker]) { !evaluation.isRunning }
            #expect(evaluation.status == 0, "\(evaluation.text)")
            let local = try lines("here-\(kind)", kind)
            #expect(try lines("remote-\(kind)", kind) == local)
            #expect(local.contains { $0.contains("\"relaxed\"") })
            #expect(local.contains { $0.contains("\"judged\"") } == arguments.contains("--judge"))
        }
    }

    /// Asked to stop, it tells its workers goodbye, keeps what is measured and goes on with it, here or elsewhere.
    @Test func stoppedEvaluation_goesOnFromItsLog() async throws {
        let arguments = [
            "--policy", "base", "--space-groups", "225,62", "--count", "\(4 * Self.count)", "--relax", "--steps", "25",
            "--known", "none",
        ]
        let evaluation = try evaluation(arguments, "kept")
        let worker = try start("reward-worker", ["--connect", try await endpoint(of: evaluation)], "worker")
        try await until("it joins", [evaluation, worker]) { evaluation.text.contains("joined: reward-worker") }
        // Invalid crystals are in the log before any worker comes.
        let before = measuredCount("kept")
        try await until("some are measured", [evaluation, worker]) { measuredCount("kept") >= before + 2 }
        evaluation.signal(SIGTERM)
        try await until("both leave", [evaluation, worker]) { !evaluation.isRunning && !worker.isRunning }
        #expect(evaluation.status == 1 && worker.status == 0, "\(evaluation.text)\n\(worker.text)")
        #expect(evaluation.text.contains("stopped (SIGTERM); what is measured is in "), "\(evaluation.text)")
        #expect(worker.text.contains("the evaluation stops (SIGTERM)"))
        let again = try await DruseProcess.run(["evaluate"] + arguments + ["--save", folder.path("kept")])
        #expect(again.status == 0 && again.messages.contains("going on: "), "\(again.messages)")
        try await here(arguments, "here")
        #expect(try lines("kept") == lines("here"))
    }

    /// The workers of a running learner: the run's weights are what they would be, one of its workers killed, the
    /// evaluation's numbers those of one here; and when the learner ends, the evaluation says so and can go on.
    @Test func evaluationOnALearnersWorkers_disturbsNothing() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let workers = [try await cluster.startRewardWorker(), try await cluster.startRewardWorker()]
        let arguments = Self.policy
        let evaluation = try start(
            "druse", ["evaluate"] + arguments + ["--save", folder.path("remote"), "--connect", address], "remote")
        // No actor yet: the run waits, and the workers are the evaluation's alone.
        try await until("some are measured", [evaluation, learner] + workers) { measuredCount("remote") >= 2 }
        workers[0].signal(SIGKILL)
        try await until("the evaluation ends", [evaluation, learner] + workers) { !evaluation.isRunning }
        #expect(evaluation.status == 0, "\(evaluation.text)")
        try await here(arguments, "here")
        #expect(try lines("remote") == lines("here"))
        // Another one, with a second judge, until the run is over, however long that takes.
        let endless = [
            "--policy", "base", "--space-group", "225", "--count", "1500", "--relax", "--known", "none", "--judge",
            "chgnet-0.2.0",
        ]
        let late = try start(
            "druse", ["evaluate"] + endless + ["--save", folder.path("late"), "--connect", address], "late")
        try await until("it is logged in", [late, learner]) { late.text.contains("logged in at ") }
        let actor = try await cluster.startActor()
        try await cluster.expectEnd(of: learner, and: [actor, workers[1]])
        try await until("the second evaluation ends", [late]) { !late.isRunning }
        #expect(late.status == 1, "\(late.text)")
        #expect(late.text.contains("has ended its run; what is measured is in "), "\(late.text)")
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func placesAndEnginesThatCannotBe_areRefused() async throws {
        let start = ["evaluate", "--policy", "base", "--count", "1"]
        for (more, status, words) in [
            (["--listen", "here"], Int32(64), "--listen: "), (["--listen", "tcp://127.0.0.1"], 64, "it has no port"),
            (["--listen", "tcp://0.0.0.0:0"], 1, "other machines can connect"),
            (["--insecure"], 64, "--insecure belongs to --listen"),
            (["--listen", "tcp://127.0.0.1:1:"], 64, "it has no port"),
            (["--judge", "external mace"], 64, "give --listen or --connect, or --judge-engine"),
            (["--potential", "external mace", "--listen", "tcp://127.0.0.1:0"], 64, "--judge \"external mace\" with"),
            (["--listen", "tcp://127.0.0.1:0", "--connect", "tcp://127.0.0.1:1"], 64, "exclude each other"),
            (["--connect", "tcp://127.0.0.1:1", "--patience", "1"], 1, "no learner answered at tcp://127.0.0.1:1"),
            (["--connect-file", folder.path("")], 64, "it is a folder: name the file endpoint.json"),
            (["--page", folder.path("none/page.html")], 1, "none/page.html: the folder is missing"),
            (
                ["--listen", "tcp://127.0.0.1:0", "--keys", try folder.file("learner.key", "a key")], 1,
                "learner.key is a file: name the folder that holds learner.key"
            ),
        ] {
            let outcome = try await DruseProcess.run(start + more)
            #expect(outcome.status == status && outcome.messages.contains(words), "\(outcome.messages)")
            // Before anything is measured.
            #expect(outcome.output.isEmpty, "\(outcome.output)")
        }
    }

    /// A relay measures nothing.
    @Test func relayAlone_isNoRewardWorker() async throws {
        let evaluation = try evaluation(["--policy", "base", "--count", "20", "--known", "none"], "remote")
        let address = try await endpoint(of: evaluation)
        let relay = try start("druse", ["relay", "--connect", address, "--listen", "tcp://127.0.0.1:*"], "relay")
        try await until("it joins", [evaluation, relay]) { evaluation.text.contains("joined: relay") }
        try await until("it says what is missing", [evaluation, relay]) {
            evaluation.text.contains("crystals wait") || evaluation.text.contains("no reward worker is here")
        }
        #expect(evaluation.text.contains("no reward worker is here: start some"), "\(evaluation.text)")
        for program in [evaluation, relay] { program.signal(SIGTERM) }
        try await until("both leave", [evaluation, relay]) { !evaluation.isRunning && !relay.isRunning }
    }

    /// The potential wants workers without an engine, the judge another engine: the worker is told of both.
    @Test(.enabled("needs python3") { TestEngines.python != nil })
    func workerWithAnotherEngine_isToldWhatEachRecipeWants() async throws {
        let python = try #require(TestEngines.python)
        let evaluation = try evaluation(
            ["--policy", "base", "--count", "3", "--known", "none", "--judge", "external mine"], "remote")
        let worker = try start(
            "reward-worker",
            [
                "--connect", try await endpoint(of: evaluation), "--engine",
                "\(python) '\(TestEngines.file("faulty_engine.py"))'",
            ], "worker")
        try await until("the worker leaves", [evaluation, worker]) {
            !worker.isRunning && evaluation.text.contains("left: ")
        }
        for (text, prefix) in [(worker.text, "Error: "), (evaluation.text, "left: ")] {
            let line = try #require(text.split(separator: "\n").last { $0.hasPrefix(prefix) }, "\(text)")
            #expect(line.contains("which workers have themselves; start the worker without --engine"), "\(line)")
            #expect(line.contains("wants the engine mine; the one of --engine is faulty"), "\(line)")
        }
        evaluation.signal(SIGTERM)
        try await until("it ends", [evaluation]) { !evaluation.isRunning }
    }
}

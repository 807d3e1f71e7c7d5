import Base
import Foundation
import Launch
import Logging
import Synchronization
import Testing
import Trajectories

/// Real processes of the system's shell.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SupervisorTests {
    private func child(_ name: String, _ script: String, isPrimary: Bool = false) -> ChildSpecification {
        var child = ChildSpecification(name: name, executable: "/bin/sh", arguments: ["-c", script])
        child.isPrimary = isPrimary
        return child
    }

    private func supervisor(
        _ children: [ChildSpecification], grace: Duration = .seconds(30)
    ) -> Supervisor {
        var timing = SupervisionCore.Timing()
        timing.firstWait = .milliseconds(10)
        timing.settle = .milliseconds(100)
        timing.grace = grace
        return Supervisor(
            children: children, timing: timing,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func temporaryFile() -> String {
        FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString)").path
    }

    @Test func run_primaryThatSucceeds_endsWithTheOthersAsked() throws {
        let begin = Moment.now
        let summary = try supervisor([child("learner", "exit 0", isPrimary: true), child("actor", "exec sleep 60")])
            .run(stop: StopToken())
        #expect(summary.status == 0)
        #expect(summary.restarts == [0, 0])
        #expect(begin.duration(to: .now) < .seconds(25))
    }

    @Test func run_childThatIgnoresTheRequest_isKilled() throws {
        let script = "trap '' TERM; while true; do read -t 1 line || sleep 0.1; done"
        var stubborn = ChildSpecification(name: "actor", executable: "/bin/bash", arguments: ["-c", script])
        stubborn.failuresPerHour = 0
        let learner = child("learner", "exit 0", isPrimary: true)
        let summary = try supervisor([learner, stubborn], grace: .milliseconds(300)).run(stop: StopToken())
        #expect(summary.status == 0)
    }

    @Test func run_childThatGivesWay_isAsNiceAsItIsTold() throws {
        let file = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        var learner = child("learner", "exec nice > \(file)", isPrimary: true)
        learner.niceness = 3
        #expect(try supervisor([learner]).run(stop: StopToken()).status == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "\(min(19, own + 3))\n")
    }

    @Test func run_primaryKilled_startsAgainWithItsRestartArguments() throws {
        let file = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: file) }
        // Kills itself at first; the second time it is told to resume.
        let script = "echo \"$1\" >> \(file); [ \"$1\" = --resume ] || kill -9 $$"
        var learner = child("learner", script, isPrimary: true)
        learner.arguments.append("learner")
        learner.restartArguments = ["--resume"]
        let summary = try supervisor([learner]).run(stop: StopToken())
        #expect(summary.status == 0)
        #expect(summary.restarts == [1])
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "\n--resume\n")
    }

    @Test func run_childKilledFromOutside_startsAgain() throws {
        let file = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let starts = Atomic<Int>(0)
        // The learner ends when the actor has been started twice.
        let learner = child("learner", "while [ ! -e \(file) ]; do sleep 0.02; done", isPrimary: true)
        let summary = try supervisor([learner, child("actor", "exec sleep 60")]).run(stop: StopToken()) {
            index, process in
            guard index == 1 else { return }
            if starts.add(1, ordering: .relaxed).newValue == 1 {
                _ = kill(process, SIGKILL)
            } else {
                try? Data().write(to: URL(filePath: file))
            }
        }
        #expect(summary.status == 0)
        #expect(summary.restarts == [0, 1])
    }

    @Test func run_stopped_asksThePrimaryFirst() throws {
        let stop = StopToken()
        let started = Atomic<Int>(0)
        let summary = try supervisor([
            child("learner", "exec sleep 60", isPrimary: true), child("actor", "exec sleep 60"),
        ]).run(stop: stop) { _, _ in
            if started.add(1, ordering: .relaxed).newValue == 2 { stop.stop("test") }
        }
        #expect(summary.status == 3)
        #expect(summary.restarts == [0, 0])
    }

    @Test func run_aborted_endsAtOnce() throws {
        let stop = StopToken()
        let begin = Moment.now
        let deaf = "trap '' TERM; while true; do read -t 1 line || sleep 0.1; done"
        var learner = ChildSpecification(name: "learner", executable: "/bin/bash", arguments: ["-c", deaf])
        learner.isPrimary = true
        let summary = try supervisor([learner, child("actor", "exec sleep 60")]).run(stop: stop) { index, _ in
            guard index == 1 else { return }
            stop.stop("test")
            stop.abort(status: 130)
        }
        #expect(summary.status == 130)
        #expect(begin.duration(to: .now) < .seconds(20))
    }

    @Test func run_standardInputOfChildren_isThePipeThatEndsWithTheSupervisor() throws {
        // `cat` ends at the end of its input, which must not come before it is asked to leave.
        let summary = try supervisor([child("learner", "sleep 0.3", isPrimary: true), child("actor", "exec cat")])
            .run(stop: StopToken())
        #expect(summary.restarts == [0, 0])
    }

    @Test func run_missingProgram_namesIt() {
        var missing = ChildSpecification(name: "learner", executable: "/no/such/program", arguments: [])
        missing.isPrimary = true
        let error = #expect(throws: RoleError.self) { try supervisor([missing]).run(stop: StopToken()) }
        #expect(error?.description.contains("/no/such/program") == true)
    }
}

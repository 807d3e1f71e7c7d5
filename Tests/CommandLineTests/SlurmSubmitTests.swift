import Foundation
import ProgramFixtures
import Testing

/// `druse launch --slurm` beside programs that answer as Slurm would: what is submitted, what is refused, and what a
/// refusal leaves.
@Suite struct SlurmSubmitTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let programs = DruseProcess.executable().deletingLastPathComponent().path

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // What is in the queue stands in a file for each name's end; a partition "nope" is not there.
        try fake(
            "squeue",
            """
            [ ! -e "$0.fails" ] || { echo "squeue: error: no answer" >&2; exit 1; }
            for word in "$@"; do
                case "$word" in
                    --name=*-learner*) cat "$0.learner" ;;
                    --name=*-actors) cat "$0.actors" ;;
                    --name=*-reward-workers) cat "$0.workers" ;;
                esac
            done 2>/dev/null
            exit 0
            """)
        try fake(
            "sbatch",
            """
            case "$*" in *--partition=nope*) echo "sbatch: error: invalid partition specified: nope" >&2; exit 1 ;; esac
            printf '%s\\n' "$*" >>"$0.calls"
            wc -l <"$0.calls"
            """)
        try fake("scancel", #"printf '%s\n' "$*" >>"$0.calls""#)
    }

    private func fake(_ name: String, _ body: String) throws {
        let path = try folder.file(name, "#!/bin/sh\n\(body)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// What a fake was asked for, a line a call.
    private func calls(of name: String) -> [String] {
        let text = try? String(contentsOfFile: folder.path("\(name).calls"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    private func launch(_ options: [String], run: String = "run") async throws -> DruseProcess.Outcome {
        let text = #"PATH="$1:$PATH"; shift; exec "$@""#
        let command = [
            folder.url.path, "\(Self.programs)/druse", "launch", "--slurm", "--config",
            Self.repository.appending(path: "Configs/quickstart.yaml").path, "--run-dir", folder.path(run),
        ]
        return try await DruseProcess.run(
            executable: URL(filePath: "/bin/bash"), ["-c", text, "bash"] + command + options)
    }

    /// Values of the settings that the jobs read.
    private func settings(_ names: String, run: String = "run") async throws -> [String] {
        let text = #". "$1/settings.sh"; printf '%s\n' \#(names)"#
        let outcome = try await DruseProcess.run(
            executable: URL(filePath: "/bin/bash"), ["-c", text, "bash", folder.path("\(run).slurm")])
        return outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test func submission_ofARun_isThreeJobsWithTheTimeThatSlurmLeaves() async throws {
        let outcome = try await launch(["--actors", "2", "--reward-workers", "3"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("learner: job 1\nactors: job 2\nreward-workers: job 3\n"))
        #expect(calls(of: "sbatch").count == 3)
        // The signal comes 180 s before the end.
        #expect(try await settings(#""$DRUSE_GRACE""#) == ["150"])
        #expect(try await launch(["--grace", "20"], run: "other").status == 0)
        #expect(try await settings(#""$DRUSE_GRACE""#, run: "other") == ["20.0"])
    }

    @Test func submission_ofWhichSlurmRefusesPeers_leavesNoJobAndFails() async throws {
        let outcome = try await launch(["--slurm-peers", "--partition=nope"])
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("sbatch refused the actors"), "\(outcome.messages)")
        #expect(outcome.messages.contains("what was submitted before is cancelled: 1"), "\(outcome.messages)")
        #expect(!outcome.output.contains("actors: job"))
        #expect(calls(of: "scancel") == ["1"])
    }

    @Test func submission_ofWhichSlurmRefusesTheLearner_leavesTheRunDone() async throws {
        #expect(try await launch([]).status == 0)
        _ = try folder.file("run.slurm/done", "")
        let outcome = try await launch(["--slurm-learner", "--partition=nope"])
        #expect(outcome.status == 1 && outcome.messages.contains("nothing is submitted"), "\(outcome.messages)")
        #expect(FileManager.default.fileExists(atPath: folder.path("run.slurm/done")))
        #expect(calls(of: "sbatch").count == 3 && calls(of: "scancel").isEmpty)
    }

    /// A command that is refused has changed nothing.
    @Test func submission_besideTheRunsJobs_changesNothing() async throws {
        #expect(try await launch([]).status == 0)
        let settings = try String(contentsOfFile: folder.path("run.slurm/settings.sh"), encoding: .utf8)
        _ = try folder.file("run.slurm/done", "")
        _ = try folder.file("squeue.learner", "7 (RUNNING)\n")
        let second = try await launch(["--set", "versions=99"])
        #expect(second.status == 1 && second.messages.contains("has a job already: 7 (RUNNING)"), "\(second.messages)")
        _ = try folder.file("squeue.fails", "")
        let third = try await launch(["--set", "versions=99"])
        #expect(third.status == 1 && third.messages.contains("squeue failed"), "\(third.messages)")
        #expect(try String(contentsOfFile: folder.path("run.slurm/settings.sh"), encoding: .utf8) == settings)
        #expect(FileManager.default.fileExists(atPath: folder.path("run.slurm/done")))
        #expect(calls(of: "sbatch").count == 3)
    }

    @Test func submission_onceMore_keepsEditedSettings() async throws {
        #expect(try await launch(["--set", "versions=9"]).status == 0)
        let path = folder.path("run.slurm/settings.sh")
        let edited = try String(contentsOfFile: path, encoding: .utf8)
            .replacing("DRUSE_PATIENCE=1800", with: "DRUSE_PATIENCE=60")
        try edited.write(toFile: path, atomically: true, encoding: .utf8)
        let same = try await launch(["--set", "versions=9"])
        #expect(same.status == 0 && same.output.contains("was edited and stays as it is"), "\(same.messages)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == edited)
        let other = try await launch(["--set", "versions=10"])
        #expect(other.status == 1 && other.messages.contains("this command asks for something else"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == edited)
        #expect(calls(of: "sbatch").count == 6)
        // Those that nobody edited follow the command.
        try FileManager.default.removeItem(atPath: path)
        #expect(try await launch(["--set", "versions=10"]).status == 0)
        #expect(try await launch(["--set", "versions=11"]).status == 0)
        #expect(try await settings(#""${DRUSE_LEARNER_ARGUMENTS[@]}""#) == ["--set", "versions=11"])
    }

    @Test func submission_withPeersInTheQueue_submitsThoseThatAreMissing() async throws {
        _ = try folder.file("squeue.actors", "5_0\n5_1\n")
        _ = try folder.file("squeue.workers", "6_0\n")
        let outcome = try await launch(["--actors", "2", "--reward-workers", "4"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("actors: 2 in the queue already\nreward-workers: 1 in the queue already\n"))
        let calls = calls(of: "sbatch")
        #expect(calls.count == 2 && calls.last?.contains("--array=0-2 ") == true, "\(calls)")
        let together = try await launch(["--all-in-one"])
        #expect(together.status == 1 && together.messages.contains("which the job would not serve"))
    }

    /// Words are split as without --slurm.
    @Test func options_areSplitAsAShellSplitsThem() async throws {
        let text = #"--engine "python3 -c 'print(\"a b\")'" --name a\ b'c "d'"" '' x"y\z""#
        #expect(try await launch(["--worker-options", text, "--slurm-peers", #"--comment="it's \$5""#]).status == 0)
        #expect(
            try await settings(#""${DRUSE_WORKER_ARGUMENTS[@]}""#)
                == ["--engine", #"python3 -c 'print("a b")'"#, "--name", #"a bc "d"#, "", #"xy\z"#])
        #expect(try await settings(#""${DRUSE_ACTOR_JOB[@]}""#) == ["--comment=it's $5"])
    }

    @Test(arguments: [
        ("--worker-options", "--engine 'python3 x"), ("--slurm-learner", #"--comment="a"#),
        ("--slurm-peers", #"--comment=a\"#),
    ])
    func options_thatAShellWouldNotTake_areRefused(option: String, text: String) async throws {
        let outcome = try await launch([option, text])
        #expect(outcome.status == 1, "\(outcome.output)")
        let reason = text.hasSuffix("\\") ? "a \\ stands at the end of" : "is not closed in"
        #expect(outcome.messages.contains(reason) && outcome.messages.contains(text), "\(outcome.messages)")
        #expect(calls(of: "sbatch").isEmpty && !FileManager.default.fileExists(atPath: folder.path("run.slurm")))
    }

    /// `sbatch` takes % in the name of a log for a pattern, and a backslash for something of its own.
    @Test func path_withWhatSlurmTakesForPatterns_isKeptOrRefused() async throws {
        #expect(try await launch([], run: "50%j").status == 0)
        let calls = calls(of: "sbatch")
        #expect(calls.count == 3)
        for call in calls {
            #expect(call.contains("/50%%j.slurm/logs/") && call.contains("DRUSE_JOBS=\(folder.path("50%j.slurm")) "))
        }
        let refused = try await launch([], run: #"a\b"#)
        #expect(refused.status == 1 && refused.messages.contains(#"no comma and no \ in what it hands on"#))
    }
}

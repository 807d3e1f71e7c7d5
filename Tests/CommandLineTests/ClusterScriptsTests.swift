import Foundation
import ProgramFixtures
import Testing

/// What `Cluster` and its scripts do, as far as it can be told without a cluster. The real Slurm is tried by
/// `Scripts/try-slurm`.
@Suite struct ClusterScriptsTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let programs = DruseProcess.executable().deletingLastPathComponent().path

    private static func has(_ tool: String) -> Bool {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
        return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
    }

    private static var isSlow: Bool { ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1" }
    private static var hasKubernetesTools: Bool {
        has("kubectl")
            && FileManager.default.fileExists(
                atPath: repository.appending(path: ".build/tools-venv/bin/kubernetes-validate").path)
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func script(_ path: String) -> String { Self.repository.appending(path: path).path }

    private func bash(_ text: String, _ arguments: [String] = []) async throws -> DruseProcess.Outcome {
        try await OwnThread.run {
            try DruseProcess.run(executable: URL(filePath: "/bin/bash"), ["-c", text, "bash"] + arguments)
        }
    }

    @Test func scripts_areWellFormed() async throws {
        let outcome = try await bash(
            """
            for file in "$1"/Cluster/slurm/* $(grep -lE '^#!.*bash' "$1"/Scripts/* 2>/dev/null); do
                bash -n "$file" || exit 1
            done
            """, [Self.repository.path])
        #expect(outcome.status == 0, "\(outcome.messages)")
    }

    // MARK: - autoscale

    /// Runs autoscale once, beside programs that answer as Slurm would and note what they are asked for.
    ///
    /// - Parameters:
    ///   - wanted: what the learner last said; nil: nothing yet.
    ///   - tasks: of reward workers, "STATE ID" a line.
    /// - Returns: the calls of sbatch and scancel.
    private func autoscale(
        wanted: Int?, tasks: [String], isLearnerThere: Bool = true, isDone: Bool = false, isListed: Bool = true,
        jobs name: String = "run.slurm", _ options: [String]
    ) async throws -> [String] {
        let (jobs, run, fakes) = (folder.path(name), folder.path("run"), folder.path("fakes"))
        for path in [jobs, run, fakes] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try """
        DRUSE_ID=druse-x
        DRUSE_RUN='\(run)'
        DRUSE_ACTOR_JOB=()
        DRUSE_WORKER_JOB=(--partition=spot)
        """.write(toFile: "\(jobs)/settings.sh", atomically: true, encoding: .utf8)
        if isDone { try "".write(toFile: "\(jobs)/done", atomically: true, encoding: .utf8) }
        var lines = #"{"actors_wanted":9,"id":"learner","reward_workers_wanted":99,"role":"learner"}"# + "\n"
        lines += #"{"id":"a:1","role":"actor"}"# + "\n"
        if let wanted { lines += #"{"id":"learner","reward_workers_wanted":\#(wanted),"role":"learner"}"# + "\n" }
        try (wanted == nil ? "" : lines).write(toFile: "\(run)/roles.jsonl", atomically: true, encoding: .utf8)
        let queue = """
            case "$*" in
                *druse-x-learner*) \(isLearnerThere ? "echo 1" : ":") ;;
                *druse-x-reward-workers*)
                    printf '%s' '\(tasks.map { "\($0)\n" }.joined())'
                    \(isListed ? ":" : "echo 'squeue: error: no answer' >&2; exit 1") ;;
            esac
            """
        for (name, body) in [
            ("squeue", queue), ("sbatch", #"echo "sbatch $*${SLURM_RESTART_COUNT:+ restarted}" >&3"#),
            ("scancel", #"echo "scancel $*" >&3"#),
        ] {
            let path = "\(fakes)/\(name)"
            try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        let outcome = try await bash(
            #"""
            exec 3>&1; export SLURM_RESTART_COUNT=2 PATH="$1:$PATH"; script="$2"; shift 2
            "$script" --once "$@" 1>&2
            """#,
            [fakes, script("Cluster/slurm/autoscale")] + options + [jobs])
        #expect(outcome.status == 0, "\(outcome.messages)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    @Test func autoscale_submitsWhatIsMissingUpToTheCap() async throws {
        let calls = try await autoscale(wanted: 6, tasks: ["RUNNING 2_0", "PENDING 2_1"], ["--max", "5"])
        #expect(calls.count == 1)
        #expect(calls[0].contains("--job-name=druse-x-reward-workers --array=0-2 "))
        #expect(calls[0].contains("--partition=spot"))
        #expect(calls[0].hasSuffix("run.slurm/reward-workers.sbatch"))
    }

    @Test func autoscale_cancelsSurplusAfterTheCoolDownAlone() async throws {
        let tasks = ["RUNNING 3_1", "RUNNING 3_0", "PENDING 2_1", "RUNNING 2_0"]
        #expect(try await autoscale(wanted: 2, tasks: tasks, ["--cooldown", "600"]).isEmpty)
        // It has remembered since when there are too many: those that have not begun go first, then the newest.
        let calls = try await autoscale(wanted: 2, tasks: tasks, ["--cooldown", "0"])
        #expect(calls == ["scancel 2_1 3_1"])
        #expect(try await autoscale(wanted: 4, tasks: tasks, ["--cooldown", "0"]).isEmpty)
        let state = try String(contentsOfFile: folder.path("run.slurm/autoscale.state"), encoding: .utf8)
        #expect(state.isEmpty)
    }

    /// A list that did not come is none without tasks.
    @Test func autoscale_whenSlurmDoesNotAnswer_changesNothing() async throws {
        for tasks in [[], ["RUNNING 2_0"]] {
            #expect(try await autoscale(wanted: 6, tasks: tasks, isListed: false, ["--max", "8"]).isEmpty)
        }
    }

    /// `sbatch` takes % in the name of a log for a pattern; a zero before a number is no sign of another base.
    @Test func autoscale_takesPathsAndNumbersAsTheyAre() async throws {
        let calls = try await autoscale(wanted: 20, tasks: [], jobs: "50%j.slurm", ["--min", "00", "--max", "08"])
        #expect(calls.count == 1 && calls[0].contains("--array=0-7 "), "\(calls)")
        #expect(calls.first?.contains("/50%%j.slurm/logs/") == true, "\(calls)")
        #expect(calls.first?.hasSuffix("/50%j.slurm/reward-workers.sbatch") == true, "\(calls)")
    }

    @Test func autoscale_keepsToTheLeast() async throws {
        let tasks = ["RUNNING 2_1", "RUNNING 2_0"]
        #expect(try await autoscale(wanted: 1, tasks: tasks, ["--min", "2", "--cooldown", "0"]).isEmpty)
    }

    @Test func autoscale_beforeTheLearnerKnows_keepsToTheLeastAndSendsNobodyAway() async throws {
        let calls = try await autoscale(wanted: nil, tasks: ["RUNNING 2_0"], ["--min", "3"])
        #expect(calls.count == 1 && calls[0].contains("-reward-workers --array=0-1 "), "\(calls)")
        let tasks = ["RUNNING 2_1", "RUNNING 2_0"]
        #expect(try await autoscale(wanted: nil, tasks: tasks, ["--cooldown", "0"]).isEmpty)
    }

    @Test func autoscale_withoutLearner_changesNothing() async throws {
        #expect(try await autoscale(wanted: 9, tasks: [], isLearnerThere: false, []).isEmpty)
        #expect(try await autoscale(wanted: 9, tasks: [], isDone: true, []).isEmpty)
    }

    @Test func autoscale_askedForWhatCannotBe_saysSo() async throws {
        for (options, words) in [
            (["--max", "x", "."], "x is no whole number"), (["--min", "9", "--max", "3", "."], "--min 9 is above"),
            (["/nowhere"], "has no settings.sh"),
        ] {
            let outcome = try await bash(#""$@""#, [script("Cluster/slurm/autoscale")] + options)
            #expect(outcome.status == 1 && outcome.messages.contains(words), "\(outcome.messages)")
        }
    }

    // MARK: - druse launch --slurm

    private func launch(_ options: [String]) async throws -> DruseProcess.Outcome {
        let quickstart = script("Configs/quickstart.yaml")
        return try await OwnThread.run {
            try DruseProcess.run(["launch", "--slurm", "--config", quickstart] + options)
        }
    }

    @Test func launchSlurm_dryRun_saysWhatItWouldSubmitAndWritesNothing() async throws {
        let outcome = try await launch([
            "--run-dir", folder.path("my run"), "--dry-run", "--actors", "3", "--reward-workers", "5", "--slurm-peers",
            "--partition=spot --account='a b'",
        ])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("--array=0-2 --partition=spot --account=a\\ b"))
        #expect(lines[2].contains("--array=0-4 ") && lines[2].hasSuffix("reward-workers.sbatch "))
        #expect(!FileManager.default.fileExists(atPath: folder.path("my run.slurm")))
    }

    @Test func launchSlurm_withoutWhatItNeeds_saysSo() async throws {
        let noDirectory = try await launch([])
        #expect(noDirectory.status == 1 && noDirectory.messages.contains("--slurm needs --run-dir"))
        let wrong = try await launch(["--run-dir", folder.path("a"), "--set", "batch_size=none", "--dry-run"])
        #expect(wrong.status == 1 && wrong.messages.contains("batch_size"), "\(wrong.messages)")
        let quickstart = script("Configs/quickstart.yaml")
        let alone = try await OwnThread.run {
            try DruseProcess.run(["launch", "--config", quickstart, "--autoscale", "3"])
        }
        #expect(alone.status == 64 && alone.messages.contains("belong to --slurm"))
    }

    @Test func submit_writesJobsAndKeysThatOnlyTheOwnerReads() async throws {
        let outcome = try await bash(
            #""$1" --write-only --config "$2" --run-dir "$3" --programs "$4" --set seed=5 --set 'elements=[Li, O]'"#,
            [script("Cluster/slurm/submit"), script("Configs/quickstart.yaml"), folder.path("my run"), Self.programs])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let jobs = folder.path("my run.slurm")
        let check = try await bash(
            #"""
            . "$1/settings.sh"
            printf '%s\n' "$DRUSE_RUN" "${DRUSE_LEARNER_ARGUMENTS[@]}"
            stat -c %a "$1" "$1/keys/learner.key" "$1/keys/slurm.key"
            """#, [jobs])
        let expected = [folder.path("my run"), "--set", "seed=5", "--set", "elements=[Li, O]", "700", "600", "600"]
        #expect(check.output.split(separator: "\n").map(String.init) == expected, "\(check.messages)")
        for name in ["learner.sbatch", "actors.sbatch", "reward-workers.sbatch", "common.sh", "autoscale"] {
            #expect(FileManager.default.fileExists(atPath: "\(jobs)/\(name)"))
        }
    }

    /// What launch is told of metrics, page and logs, the jobs are.
    @Test func submit_withMetricsPageAndLogLevel_tellsThemToTheJobs() async throws {
        let outcome = try await bash(
            #"""
            "$1" --write-only --config "$2" --run-dir "$3" --programs "$4" --metrics-port 9400 --page 8080 \
                --log-level debug --worker-options '--threads 2'
            """#,
            [script("Cluster/slurm/submit"), script("Configs/quickstart.yaml"), folder.path("run"), Self.programs])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let check = try await bash(
            #"""
            . "$1/settings.sh"
            printf '%s\n' "${DRUSE_LEARNER_ARGUMENTS[*]}" "${DRUSE_ACTOR_ARGUMENTS[*]}" "${DRUSE_WORKER_ARGUMENTS[*]}"
            """#, [folder.path("run.slurm")])
        #expect(
            check.output.split(separator: "\n") == [
                "--page 8080 --log-level debug --metrics-port 9400 --metrics-host *",
                "--log-level debug --metrics-port 0 --metrics-host *",
                "--log-level debug --metrics-port 0 --metrics-host * --threads 2",
            ], "\(check.output) \(check.messages)")
        let wrong = try await bash(
            #""$1" --write-only --config "$2" --run-dir "$3" --programs "$4" --metrics-port 70000"#,
            [script("Cluster/slurm/submit"), script("Configs/quickstart.yaml"), folder.path("run"), Self.programs])
        #expect(wrong.status == 1 && wrong.messages.contains("--metrics-port must be in 0...65535"))
    }

    // MARK: - Kubernetes, systemd

    @Test(.enabled(if: hasKubernetesTools, "kubectl or kubernetes-validate is missing: Scripts/setup-tools kubernetes"))
    func kubernetes_isWhatItsSchemasAndOurProgramsTake() async throws {
        let outcome = try await bash(
            #"cd "$1" && Scripts/check-kubernetes --programs "$2""#, [Self.repository.path, Self.programs])
        #expect(outcome.status == 0, "\(outcome.messages)")
    }

    /// A model that lies under `/tmp` in the image is hidden by the volume there, and nothing else can be written to.
    @Test func imageWithAGraphicsCard_keepsItsModelsWhereNothingIsMounted() throws {
        let page = try String(
            contentsOf: Self.repository.appending(path: "Documentation/kubernetes.md"), encoding: .utf8)
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix("    ENV PATH=/opt/druse/bin") })
        let values = line.split(separator: " ")
        #expect(values.contains { $0.hasPrefix("HOME=/opt/") }, "\(line)")
        #expect(values.contains { $0.hasPrefix("DRUSE_CACHE=/tmp/") }, "\(line)")
    }

    @Test(.enabled(if: has("systemd-analyze"), "systemd-analyze is missing: Scripts/setup-tools systemd"))
    func systemdUnits_areWhatSystemdTakes() async throws {
        let outcome = try await bash(
            #"systemd-analyze verify --man=no "$1"/Cluster/systemd/druse*"#, [Self.repository.path])
        // The programs are not installed here.
        let lines = outcome.messageLines.filter { !$0.hasSuffix("is not executable: No such file or directory") }
        #expect(lines.isEmpty, "\(lines)")
        #expect(outcome.messageLines.count >= 3 || FileManager.default.fileExists(atPath: "/opt/druse/bin/learner"))
    }

    // MARK: - Slurm

    @Test(
        .enabled(if: isSlow, "slow: DRUSE_SLOW_TESTS=1"),
        .enabled(if: has("slurmctld") && has("munged") && getuid() == 0, "Slurm is missing: Scripts/setup-tools slurm"))
    func slurm_preemptedAndRequeued_endsWithTheUndisturbedWeights() async throws {
        let outcome = try await bash(
            #"cd "$1" && Scripts/try-slurm --programs "$2" "$3""#,
            [Self.repository.path, Self.programs, folder.path("trial")])
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.messages)")
    }
}

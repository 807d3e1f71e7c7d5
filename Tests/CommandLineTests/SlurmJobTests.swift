import Foundation
import ProgramFixtures
import Testing

/// The scripts of a run's jobs, run as Slurm would, with programs that note how they were started.
@Suite struct SlurmJobTests {
    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Cluster/slurm")

    private let folder: TemporaryFolder

    /// A package whose learner says where it ran and where it keeps files, and the jobs of a run with it.
    init() throws {
        folder = try TemporaryFolder()
        let files = FileManager.default
        for name in ["package/bin", "run.slurm", "node"] {
            try files.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        for name in ["common.sh", "learner.sbatch"] {
            try files.copyItem(
                at: Self.scripts.appending(path: name), to: folder.url.appending(path: "run.slurm/\(name)"))
        }
        _ = try folder.file("package/PACKAGE", "druse 1\n")
        try program("package/bin/learner", #"printf '%s\n' "program $0" "cache ${DRUSE_CACHE-none}""#)
        try settings()
        // Nothing is there to cancel.
        try program("scancel", ":")
    }

    private func program(_ name: String, _ body: String) throws {
        let path = try folder.file(name, "#!/bin/bash\n\(body)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func settings(_ more: String = "") throws {
        _ = try folder.file(
            "run.slurm/settings.sh",
            """
            DRUSE_ID=druse-x DRUSE_RUN='\(folder.path("run"))' DRUSE_CONFIG=none DRUSE_KEYS=none
            DRUSE_PROGRAMS='\(folder.path("package/bin"))' DRUSE_LISTEN=none DRUSE_GRACE=1
            DRUSE_LEARNER_ARGUMENTS=()
            \(more)

            """)
    }

    /// Runs the learner's job after a command, which finds the node's folder in `$1`.
    private func job(after command: String = ":", environment: String = "") async throws -> DruseProcess.Outcome {
        let text = """
            export DRUSE_JOBS="$2" TMPDIR="$3" PATH="$4:$PATH" SLURM_JOB_ID=7; unset SLURM_TMPDIR DRUSE_CACHE
            \(command)
            \(environment) exec timeout 60 bash "$2/learner.sbatch"
            """
        return try await DruseProcess.run(
            executable: URL(filePath: "/bin/bash"),
            ["-c", text, "bash", nodeFolder, folder.path("run.slurm"), folder.path("node"), folder.url.path])
    }

    private var nodeFolder: String { folder.path("node/druse-\(getuid())") }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func job_onANode_copiesThePackageIntoAFolderOfItsOwn() async throws {
        for _ in 0..<2 {
            let outcome = try await job()
            #expect(outcome.status == 0, "\(outcome.messages)")
            #expect(outcome.output.contains("program \(nodeFolder)/programs-"), "\(outcome.output)")
            #expect(outcome.output.contains("cache \(nodeFolder)/cache\n"))
            #expect(try mode(nodeFolder) == 0o700)
            try FileManager.default.removeItem(atPath: folder.path("run.slurm/done"))
        }
    }

    /// Whoever made the folder first, or may write to it, would have his programs run.
    @Test(arguments: [
        "mkdir -m 777 \"$1\"", "mkdir -m 775 \"$1\"", "mkdir -m 700 \"$3/else\" && ln -s \"$3/else\" \"$1\"",
        "touch \"$1\"",
    ])
    func job_withAFolderThatIsNotItsOwn_runsWhereProgramsAre(made: String) async throws {
        let plant = """
            \(made); planted="$1/programs-$(cksum <"$4/package/PACKAGE" | cut -d' ' -f1)/bin"
            mkdir -p "$planted" 2>/dev/null && printf '#!/bin/sh\\necho planted\\n' >"$planted/learner" \
                && chmod 755 "$planted/learner"
            """
        let outcome = try await job(after: plant)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output == "program \(folder.path("package/bin"))/learner\ncache none\n", "\(outcome.output)")
        #expect(outcome.messages.contains("\(nodeFolder) cannot be used"), "\(outcome.messages)")
    }

    @Test(.enabled(if: getuid() == 0, "only root can give a folder away"))
    func job_withAFolderOfAnother_runsWhereProgramsAre() async throws {
        let outcome = try await job(after: #"mkdir -m 700 "$1" && chown 12345 "$1""#)
        #expect(outcome.output == "program \(folder.path("package/bin"))/learner\ncache none\n", "\(outcome.output)")
        #expect(outcome.messages.contains("cannot be used"), "\(outcome.messages)")
    }

    /// A folder as former releases made it is closed.
    @Test func job_withAFolderThatOthersMayRead_closesIt() async throws {
        let outcome = try await job(after: #"mkdir -m 755 "$1""#)
        #expect(outcome.output.contains("program \(nodeFolder)/programs-"), "\(outcome.messages)")
        #expect(try mode(nodeFolder) == 0o700)
    }

    /// Jobs that the learner's job submits have caches and names of their own; what their owner chose they keep.
    @Test func autoscaler_inTheLearnersJob_handsNothingOfItOn() async throws {
        try settings("DRUSE_AUTOSCALE='--max 3'")
        try program(
            "run.slurm/autoscale",
            #"""
            echo "$* ${DRUSE_NAME-none} ${SLURM_RESTART_COUNT-none} ${DRUSE_CACHE-none}" >"$DRUSE_JOBS/pipe"
            """#)
        // It ends once the autoscaler has spoken.
        try program("package/bin/learner", #"cat "$DRUSE_JOBS/pipe""#)
        for (environment, expected) in [
            ("SLURM_RESTART_COUNT=2", "none none none"), ("SLURM_RESTART_COUNT=2 DRUSE_CACHE=/mine", "none none /mine"),
        ] {
            let outcome = try await job(after: #"mkfifo "$2/pipe""#, environment: environment)
            #expect(outcome.status == 0, "\(outcome.messages)")
            #expect(outcome.output == "--max 3 \(folder.path("run.slurm")) \(expected)\n")
            for name in ["pipe", "done"] {
                try FileManager.default.removeItem(atPath: folder.path("run.slurm/\(name)"))
            }
        }
    }
}

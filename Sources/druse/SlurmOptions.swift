import ArgumentParser
import Base
import Configuration
import Foundation
import RoleOptions
import Trajectories

/// `druse launch --slurm`: the run as jobs of Slurm instead of processes here, by the scripts of `Cluster/slurm`.
struct SlurmOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Write the run's jobs for Slurm into RUN_DIR.slurm and submit them (Documentation/slurm.md): a learner, "
                + "and arrays of actors and reward workers. Nothing runs here."))
    var slurm = false

    @Flag(help: "With --slurm: the whole run in one job on one node.")
    var allInOne = false

    @Option(
        help: ArgumentHelp(
            "With --slurm: keep as many reward workers in the queue as the run could use, up to this many.",
            valueName: "most"))
    var autoscale: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --slurm: further options of sbatch for the learner, such as '--partition=long --account=me'.",
            valueName: "options"))
    var slurmLearner: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --slurm: the same for actors and reward workers, such as '--partition=preemptible'.",
            valueName: "options"))
    var slurmPeers: String?

    func validate() throws {
        guard slurm || (!allInOne && autoscale == nil && slurmLearner == nil && slurmPeers == nil) else {
            throw ValidationError("--all-in-one, --autoscale, --slurm-learner and --slurm-peers belong to --slurm")
        }
        guard autoscale.map({ $0 >= 1 }) ?? true else { throw ValidationError("--autoscale must be at least 1") }
    }

    /// Writes and submits the jobs.
    ///
    /// - Returns: the exit status of the script that did it.
    /// - Throws: `RoleError` if the scripts are not found, or the run has no directory.
    func submit(_ launch: LaunchCommand) throws -> Int32 {
        try ChildProcess(Self.script().path, arguments(launch)).wait()
    }

    private func arguments(_ launch: LaunchCommand) throws -> [String] {
        guard let directory = launch.options.runDir else {
            throw RoleError.configuration(["--slurm needs --run-dir, on a file system that all nodes share"])
        }
        guard !launch.options.insecure else {
            throw RoleError.configuration(["--slurm makes keys: leave --insecure out"])
        }
        var arguments = ["--config", launch.config, "--run-dir", directory]
        arguments += ["--actors", "\(launch.actors)", "--reward-workers", "\(launch.rewardWorkers)"]
        arguments += ["--programs", Self.programs.path]
        arguments += launch.overrides.flatMap { ["--set", $0.setting] }
        for (option, value) in [
            ("--keys", launch.keys), ("--worker-options", launch.workerOptions), ("--slurm", slurmLearner),
            ("--slurm-peers", slurmPeers), ("--autoscale", autoscale.map { "\($0)" }),
            ("--metrics-port", launch.metricsPort.map { "\($0)" }), ("--page", launch.options.page),
            ("--log-level", launch.logLevel),
            // Else what the jobs have: Slurm leaves more time than a terminal.
            ("--grace", launch.options.grace.map { "\($0)" }),
        ] {
            if let value { arguments += [option, value] }
        }
        if allInOne { arguments.append("--all-in-one") }
        if launch.options.settings.dryRun { arguments.append("--dry-run") }
        return arguments
    }

    private static var programs: URL {
        (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])).resolvingSymlinksInPath()
            .deletingLastPathComponent()
    }

    /// `submit`: in a package beside the programs, else in the source tree that they were built in.
    private static func script() throws -> URL {
        var folder = programs
        while true {
            for path in ["share/druse/Cluster/slurm/submit", "Cluster/slurm/submit"] {
                let script = folder.appending(path: path)
                if FileManager.default.isExecutableFile(atPath: script.path) { return script }
            }
            guard folder.path != "/" else { break }
            folder.deleteLastPathComponent()
        }
        throw RoleError.configuration([
            "the scripts of Cluster/slurm are neither in a folder above \(programs.path) nor in a package there"
        ])
    }
}

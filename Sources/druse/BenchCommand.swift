import ArgumentParser

/// `druse bench`: what each stage, the hub and whole fleets do in a second, as JSON lines.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure crystals per second of each stage, or of a simulated fleet.",
        subcommands: [BenchStagesCommand.self, BenchFleetCommand.self, BenchSoakCommand.self],
        defaultSubcommand: BenchStagesCommand.self)
}

/// `druse bench stages`, or `druse bench` alone: crystals per second of each stage, and what the hub and new weights
/// cost, as JSON lines.
struct BenchStagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages", abstract: "Measure crystals per second of each stage, as JSON lines.",
        discussion: "Stages: \(Benchmarks.names.joined(separator: ", ")). Run it on a quiet machine.")

    @Argument(help: "The stages to measure; all if none is named.")
    var names: [String] = []

    @Option(parsing: .upToNextOption, help: "Numbers of threads; 1 and 2 if not given.")
    var threads: [Int] = [1, 2]

    @Option(help: "The least time of a measurement, seconds.")
    var seconds = 3.0

    func validate() throws {
        for name in names where !Benchmarks.names.contains(name) {
            let known = Benchmarks.names.joined(separator: ", ")
            throw ValidationError("there is no benchmark \(name); there are \(known)")
        }
        guard threads.allSatisfy({ (1...1024).contains($0) }) else {
            throw ValidationError("--threads must be 1...1024")
        }
        guard seconds > 0, seconds.isFinite else { throw ValidationError("--seconds must be positive") }
    }

    func run() throws {
        let benchmarks = try Benchmarks(threadCounts: threads, minimumSeconds: seconds)
        let output = StandardOutput()
        try benchmarks.run(names.isEmpty ? Benchmarks.names : names) {
            try output.write(line: try $0.line())
            try output.flush()
        }
    }
}

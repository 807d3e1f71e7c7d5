import ArgumentParser
import Base
import Crystals
import Engines
import Policy
import StructureFiles

/// `druse sample`: crystals from a policy.
struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Draw crystals from a policy.",
        discussion: """
            A seed gives the same crystals whatever the number of threads. Crystals that did not end within the \
            policy's number of sites are marked "terminated": false.
            """)

    @OptionGroup var policy: PolicyOptions

    @Option(help: "How many crystals to draw.")
    var count: Int

    @Option(
        parsing: .upToNextOption,
        help: "Space groups (1 to 230) to draw from, each as often; by default those of the training data.")
    var spaceGroup: [Int] = []

    @OptionGroup var frequencies: FrequencyOptions

    @Option(help: "The seed of the random numbers.")
    var seed: UInt64 = 0

    @Option(help: "Below 1 for likelier crystals, above 1 for more diverse ones; 0.01 to 100.")
    var temperature = 1.0

    @Option(help: "The share of the probability to keep, likeliest choices first.")
    var topP = 1.0

    @Option(help: "The only elements to use, such as Li,Mn,O; all by default.", transform: SampleCommand.elements)
    var elements: Set<Element>?

    @Option(
        name: [.short, .customLong("output")],
        help: "Where to write: .cif (data blocks), .extxyz, .jsonl or .csv; JSON lines on stdout by default.")
    var output: String?

    @Flag(help: "Print JSON lines on stdout, with --output as well.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    private var options: SamplingOptions {
        var options = SamplingOptions()
        options.temperature = temperature
        options.topP = topP
        options.constraint = Constraint(elements: elements)
        return options
    }

    func validate() throws {
        guard (1...1_000_000_000).contains(count) else {
            throw ValidationError("--count is \(count); it must be 1 to 1000000000")
        }
        try frequencies.validate(spaceGroups: spaceGroup)
        for number in spaceGroup where SpaceGroup(number: number) == nil {
            throw ValidationError("there is no space group \(number); they are 1 to 230")
        }
        if let twice = spaceGroup.first(where: { number in spaceGroup.count { $0 == number } > 1 }) {
            throw ValidationError("--space-group names \(twice) twice: each is drawn as often as any other")
        }
        if let problem = options.problems.first { throw ValidationError(problem) }
        if let output, !StructureFileWriter.holdsMany(path: output) {
            let known = StructureFileWriter.formats.map { ".\($0.rawValue)" }.joined(separator: ", ")
            throw ValidationError("cannot write crystals as \(output); the name must end in one of \(known)")
        }
    }

    func run() throws {
        let weights = try PolicySource.load(
            path: policy.policy, configurationPath: policy.policyConfig, spaceGroups: frequencies.spaceGroupsFrom)
        try frequencies.require(of: weights, named: policy.policy ?? "base", spaceGroups: spaceGroup)
        var writer: StructureFileWriter?
        if let output {
            let table = frequencies.spaceGroupsFrom.map { InputFiles(paths: [$0], format: nil) }
            writer = try StructureFileWriter(path: output, apartFrom: table)
        }
        let groups =
            spaceGroup.isEmpty
            ? SpaceGroupDistribution(metadata: weights.metadata)
            : SpaceGroupDistribution(uniform: spaceGroup.compactMap(SpaceGroup.init(number:)))
        let sampling = CrystalSampling(
            weights: weights, options: options, groups: groups, seed: seed, domain: .toolSampling,
            threads: threads.count)
        let lines = json || output == nil ? StandardOutput(goesOnUnread: output != nil) : nil
        let progress = TerminalProgress(
            title: "sampling", total: count, unit: "crystals", style: .onTerminal(writesLines: lines != nil))
        var drawn = 0
        try sampling.draw(count) { samples in
            for sample in samples {
                let id = "sample-\(drawn)"
                drawn += 1
                try writer?.write(sample, id: id)
                try lines?.write(line: StructureFileWriter.jsonLine(sample, id: id))
            }
            try lines?.flush()
            try writer?.flush()
            progress.update(drawn)
        }
        progress.finish()
        try writer?.finish()
        report(writer)
    }

    private func report(_ writer: StructureFileWriter?) {
        guard let writer, let output, writer.leftOut > 0 else { return }
        writeMessage("\(writer.leftOut) of \(count) crystals left out of \(output): no cell has their lattice")
    }

    static func elements(_ text: String) throws -> Set<Element> {
        var elements: Set<Element> = []
        for symbol in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let element = Element(symbol: String(symbol)) else {
                throw ValidationError("\"\(symbol)\" is not an element; write symbols such as Li,Mn,O")
            }
            elements.insert(element)
        }
        return elements
    }
}

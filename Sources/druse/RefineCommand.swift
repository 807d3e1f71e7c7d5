import ArgumentParser
import Base
import Configuration
import Crystals
import Engines
import FineTuning
import Foundation
import Policy
import Refinement
import StructureFiles
import Trajectories

/// `druse refine`: crystals led to low energies without training.
struct RefineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refine", abstract: "Lead crystals to low energies or high rewards, by a walk under a policy.",
        discussion: """
            Metropolis walks on p(x) exp(-alpha E(x)): p is the policy's probability, E the height above the hull \
            (below it counts as on it), or with --config the negative of the configuration's reward, whose policy, \
            elements and space groups count where the command names none. They start at \
            structures, or at the crystals that druse sample draws for --count and --seed, and change elements, free \
            coordinates and the lattice; space group and Wyckoff positions stay. A seed gives the same crystals \
            whatever the number of threads. Documentation/refine.md has more.
            """)

    @Argument(
        help: ArgumentHelp(
            "Files of structures to start at (.cif, .extxyz, POSCAR, .csv, .json, .jsonl, ...); - is stdin.",
            valueName: "input"))
    var inputs: [String] = []

    @Option(help: "The format of the inputs, where the names do not tell it (stdin: jsonl).")
    var inputFormat: StructureFormat?

    @OptionGroup var policy: PolicyOptions

    @Option(help: "Without inputs: how many crystals to draw from the policy to start at.")
    var count: Int?

    @Option(
        parsing: .upToNextOption,
        help: "Space groups (1 to 230) to draw from, each as often; by default those of the training data.")
    var spaceGroup: [Int] = []

    @OptionGroup var frequencies: FrequencyOptions
    @OptionGroup var walk: WalkOptions

    @Option(help: "A run's configuration, whose reward is to be high, and whose policy and elements are taken.")
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Another value of a key of the configuration, such as reward.guards=none; may be given again.",
            valueName: "key=value"))
    var values: [String] = []

    @Option(
        help: ArgumentHelp(
            "The interatomic potential: chgnet by default, chgnet-0.2.0, chgnet-r2scan, or a CHGNet model file.",
            valueName: "name|file"))
    var potential: String?

    @Option(help: ArgumentHelp("The hull: default (the embedded one), or a hull or entries file.", valueName: "hull"))
    var hull: String?

    @Flag(help: "Give the best crystal of each walk, not the last one.")
    var best = false

    @Option(
        name: [.short, .customLong("output")],
        help: "Where to write the crystals: .cif, .extxyz, .jsonl, .json, .csv, or POSCAR for one.")
    var output: String?

    @Flag(help: "Print JSON lines, one object a crystal.")
    var json = false

    @OptionGroup var symmetry: SymmetryOptions
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard inputs.isEmpty != (count == nil) else {
            throw ValidationError("give files of structures, or --count to draw crystals from the policy")
        }
        if let count, !(1...1_000_000_000).contains(count) {
            throw ValidationError("--count is \(count); it must be 1 to 1000000000")
        }
        if !inputs.isEmpty, !spaceGroup.isEmpty || frequencies.spaceGroupsFrom != nil {
            throw ValidationError("--space-group and --space-groups-from belong to --count: inputs keep their groups")
        }
        try frequencies.validate(spaceGroups: spaceGroup)
        for number in spaceGroup where SpaceGroup(number: number) == nil {
            throw ValidationError("there is no space group \(number); they are 1 to 230")
        }
        if let problem = ConfigurationOverride.problem(of: values) { throw ValidationError(problem) }
        if config == nil, !values.isEmpty { throw ValidationError("--set belongs to --config") }
        if config != nil, potential != nil || hull != nil {
            throw ValidationError("--config has a potential and a hull of its own; leave --potential and --hull out")
        }
        try StructureFileWriter.validate(output)
    }

    func run() throws {
        let configuration = try RunConfiguration.given(
            file: config.map { URL(filePath: $0) }, directory: nil, overrides: ConfigurationOverride.list(values))
        // What the command does not say is as in a run with the configuration.
        let named = policy.policy ?? configuration?.policy
        let isGrouped = !spaceGroup.isEmpty || frequencies.spaceGroupsFrom != nil
        let groups = isGrouped ? spaceGroup : configuration?.spaceGroups ?? []
        let groupsFrom = isGrouped || count == nil ? frequencies.spaceGroupsFrom : configuration?.spaceGroupsFrom
        let weights = try PolicySource.load(
            path: named, configurationPath: policy.policyConfig, spaceGroups: groupsFrom)
        if count != nil { try frequencies.require(of: weights, named: named ?? "base", spaceGroups: groups) }
        let energy = try energy(configuration, weights)
        let settings = try walk.settings(elements: energy.elements)
        let constraint =
            walk.elements.map {
                Constraint(elements: $0, minimumElements: min($0.count, energy.constraint.minimumElements))
            } ?? energy.constraint
        let refinement = try CrystalRefinement(
            weights: weights, energy: energy, settings: settings, constraint: constraint,
            constrainedBy: walk.elements == nil ? "the configuration (elements)" : "--elements",
            threads: threads.count, symmetryTolerance: symmetry.symprec)
        let results = RefinementResults(
            energy: energy, best: best, json: json,
            writer: try output.map {
                try StructureFileWriter(path: $0, apartFrom: InputFiles(paths: inputs, format: inputFormat))
            })
        let progress = StepProgress(steps: settings.steps, count: count)
        try forEachBatch(weights, groups, constraint) { batch in
            switch batch {
            case .entries(let entries):
                try results.print(refinement.refine(entries, progress: progress.add))
            case .samples(let samples):
                try results.print(refinement.refine(samples, progress: progress.add))
            }
        }
        progress.finish()
        try results.finish(refinement)
    }

    private func energy(_ configuration: RunConfiguration?, _ weights: PolicyWeights) throws -> RefinementEnergy {
        if let configuration { return try RefinementEnergy(configuration, policy: weights.configuration) }
        return try RefinementEnergy(potential: potential ?? "chgnet", hull: hull ?? "default")
    }

    private enum Batch {
        case entries([StructureEntry])
        case samples([(id: String, sample: Sample)])
    }

    /// Crystals that are walked at a time.
    private static let batchSize = 1024

    /// - Parameter spaceGroups: to draw from; none: those of the policy's training data.
    private func forEachBatch(
        _ weights: PolicyWeights, _ spaceGroups: [Int], _ constraint: Constraint, _ body: (Batch) throws -> Void
    ) throws {
        guard let count else {
            return try InputFiles(paths: inputs, format: inputFormat).forEachBatch(of: Self.batchSize) {
                try body(.entries($0))
            }
        }
        var options = SamplingOptions()
        options.constraint = constraint
        let groups =
            spaceGroups.isEmpty
            ? SpaceGroupDistribution(metadata: weights.metadata)
            : SpaceGroupDistribution(uniform: spaceGroups.compactMap(SpaceGroup.init(number:)))
        let sampling = CrystalSampling(
            weights: weights, options: options, groups: groups, seed: walk.seed, domain: .toolSampling,
            threads: threads.count)
        var waiting: [(id: String, sample: Sample)] = []
        var drawn = 0
        try sampling.draw(count) { samples in
            for sample in samples {
                waiting.append(("sample-\(drawn)", sample))
                drawn += 1
            }
            while waiting.count >= Self.batchSize {
                try body(.samples(Array(waiting.prefix(Self.batchSize))))
                waiting.removeFirst(Self.batchSize)
            }
        }
        if !waiting.isEmpty { try body(.samples(waiting)) }
    }
}

/// How `druse refine` walks.
struct WalkOptions: ParsableArguments {
    @Option(help: "Proposals for each chain.")
    var steps = 200

    @Option(help: "How much an energy of 1 (eV/atom, or a reward of 1) counts beside the policy's log-probability.")
    var alpha = 50.0

    @Option(help: "Chains for each crystal, at temperatures from 1 to --hottest, which exchange their crystals.")
    var chains = 1

    @Option(help: "The temperature of the last of several chains.")
    var hottest = 5.0

    @Option(parsing: .upToNextOption, help: "The temperatures of the chains, from 1 on, in place of --chains.")
    var temperatures: [Double] = []

    @Option(help: "Steps from one exchange between chains to the next.")
    var exchangeEvery = 5

    @Option(
        parsing: .upToNextOption,
        help: "What is proposed: element, substitution, exchange, coordinates, lattice; all by default.")
    var moves: [MoveKind] = []

    @Option(
        help: "The only elements to use, such as Li,Mn,O; by default those of the hull.",
        transform: SampleCommand.elements)
    var elements: Set<Element>?

    @Option(help: "The seed of the random numbers.")
    var seed: UInt64 = 0

    func validate() throws {
        if chains != 1, !temperatures.isEmpty {
            throw ValidationError("--chains and --temperatures exclude each other")
        }
        guard (1...64).contains(chains) else { throw ValidationError("--chains is \(chains); it must be 1 to 64") }
        guard hottest > 1, hottest.isFinite else {
            throw ValidationError("--hottest is \(hottest); it must be above 1")
        }
        _ = try settings(elements: (1...118).compactMap(Element.init(atomicNumber:)))
    }

    /// - Parameter known: the elements to choose from where none are named.
    func settings(elements known: [Element]) throws -> RefinementSettings {
        var settings = RefinementSettings()
        settings.steps = steps
        settings.alpha = alpha
        settings.temperatures =
            temperatures.isEmpty ? RefinementSettings.ladder(count: chains, hottest: hottest) : temperatures
        settings.exchangeInterval = exchangeEvery
        if !moves.isEmpty { settings.moves = Set(moves) }
        settings.elements = elements?.sorted() ?? known
        settings.seed = seed
        if let problem = settings.problems.first { throw ValidationError(problem) }
        return settings
    }
}

extension MoveKind: ExpressibleByArgument {}

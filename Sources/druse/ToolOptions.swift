import ArgumentParser
import Base
import Configuration
import Engines
import Policy
import StructureFiles

/// Options of commands that read structures.
struct InputOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            """
            Files of structures (.cif, .extxyz, .xyz, .vasp, POSCAR, .csv, .json, .jsonl; also .gz and .bz2); - is \
            stdin.
            """,
            valueName: "input"))
    var inputs: [String]

    @Option(help: "The format of the inputs, where the names do not tell it (stdin: jsonl).")
    var inputFormat: StructureFormat?

    @Flag(help: "Print JSON lines, one object an input.")
    var json = false
}

extension StructureFormat: ExpressibleByArgument {}

/// The option of commands that find symmetry.
struct SymmetryOptions: ParsableArguments {
    @Option(help: "How far atoms may be from symmetric positions, in angstrom.")
    var symprec = 0.01

    func validate() throws {
        guard symprec > 0, symprec <= 1 else {
            throw ValidationError("--symprec is \(symprec); it must be above 0 and at most 1 (angstrom)")
        }
    }
}

/// The option of commands that run on several threads.
struct ThreadOptions: ParsableArguments {
    @Option(help: "How many threads work; all cores by default. Results do not depend on it.")
    var threads: Int?

    var count: Int { threads ?? ThreadTeam.availableCores }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); it must be 1 to 1024")
        }
    }
}

/// Options of commands that use a policy.
struct PolicyOptions: ParsableArguments {
    @Option(help: "The policy: base, the embedded one, which is the default, or a safetensors file.")
    var policy: String?

    @Option(help: "A JSON file with the sizes, for a policy without them in its metadata.")
    var policyConfig: String?

    func validate() throws {
        if policyConfig != nil, policy == nil || policy == PolicySource.embeddedPolicy {
            throw ValidationError("--policy-config needs --policy FILE")
        }
    }
}

/// The option of commands that sample a policy which may not know how often to draw which space group.
struct FrequencyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A table of crystals (.csv, .csv.gz) whose frequencies of space groups are drawn, for a policy that does \
            not know those of its training data.
            """,
            valueName: "data"))
    var spaceGroupsFrom: String?

    /// Refuses a table beside groups.
    func validate(spaceGroups: [Int]) throws {
        if spaceGroupsFrom != nil, !spaceGroups.isEmpty {
            throw ValidationError("--space-groups-from has no meaning beside --space-group; give one of them")
        }
    }

    /// Refuses a policy that does not know which space groups to draw where none are named.
    func require(of weights: PolicyWeights, named name: String, spaceGroups: [Int]) throws {
        guard spaceGroups.isEmpty, !SpaceGroupDistribution.isKnown(metadata: weights.metadata) else { return }
        throw ToolFailure(
            "\(name) does not know how often to draw which space group: name the table of its training data with "
                + "--space-groups-from, or groups with --space-group")
    }
}

/// The option of commands that compute energies.
struct PotentialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The interatomic potential: chgnet (version 0.3.0), chgnet-0.2.0, chgnet-r2scan, or a CHGNet model file \
            (.safetensors).
            """,
            valueName: "name|file"))
    var potential = "chgnet"
}

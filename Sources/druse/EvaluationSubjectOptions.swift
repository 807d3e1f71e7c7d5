import Archive
import ArgumentParser
import Base
import Crystals
import Evaluation
import FineTuning
import Foundation
import Policy
import StructureFiles

/// What is evaluated: a policy, the policies of a run, or structures.
struct EvaluationSubjectOptions: ParsableArguments {
    @Option(help: "The policy: base, or a safetensors file.")
    var policy: String?

    @Option(name: .customLong("run"), help: "A run's directory.")
    var runDirectory: String?

    @Option(
        help: ArgumentHelp(
            "With --run: the version that is compared with the first, by its checkpoint: newest, best (by the run's "
                + "keep_best), or a number.", valueName: "newest|best|N"))
    var checkpoint: String?

    @Option(
        parsing: .upToNextOption,
        help: "Files or folders of structures (.cif, .extxyz, POSCAR, .csv, .json, .jsonl, ...) made elsewhere.")
    var structures: [String] = []

    @Option(help: "How many crystals; with --space-groups: in each of them. By default 1000 and 100.")
    var count: Int?

    @Option(help: "The seed.")
    var seed: UInt64 = 1

    @Option(help: "Divides logits and concentrations; 1 samples the policy itself; 0.01 to 100.")
    var temperature = 1.0

    @Option(name: .customLong("space-group"), parsing: .upToNextOption, help: "Space groups to sample, uniformly.")
    var spaceGroup: [Int] = []

    @Option(
        help: ArgumentHelp(
            "Sample --count crystals in each of these space groups: fourteen (two of each crystal system: 1, 2, 12, "
                + "14, 62, 63, 129, 139, 164, 166, 187, 194, 221, 225), or numbers such as 62,194,225.",
            valueName: "fourteen|list"))
    var spaceGroups: String?

    @OptionGroup var frequencies: FrequencyOptions

    func validate() throws {
        let given = [policy != nil, runDirectory != nil, !structures.isEmpty].count { $0 }
        guard given == 1 else { throw ValidationError("give one of --policy, --run and --structures") }
        if let checkpoint {
            guard runDirectory != nil else { throw ValidationError("--checkpoint needs --run") }
            guard RunVersionChoice(checkpoint) != nil else {
                throw ValidationError("--checkpoint \(checkpoint): write newest, best, or a version from 1 on")
            }
        }
        if let count, count < 1 { throw ValidationError("--count must be at least 1") }
        var sampling = SamplingOptions()
        sampling.temperature = temperature
        if let problem = sampling.problems.first { throw ValidationError("--\(problem)") }
        for group in spaceGroup where SpaceGroup(number: group) == nil {
            throw ValidationError("--space-group \(group): space groups are 1...230")
        }
        if !spaceGroup.isEmpty, spaceGroups != nil {
            throw ValidationError("--space-group and --space-groups exclude each other")
        }
        if !structures.isEmpty, count != nil || spaceGroups != nil || !spaceGroup.isEmpty || temperature != 1 {
            throw ValidationError(
                "--count, --temperature, --space-group and --space-groups belong to a policy that is sampled")
        }
        if frequencies.spaceGroupsFrom != nil {
            try frequencies.validate(spaceGroups: spaceGroup)
            guard policy != nil else { throw ValidationError("--space-groups-from needs --policy: a run has its own") }
            guard spaceGroups == nil else {
                throw ValidationError("--space-groups and --space-groups-from exclude each other")
            }
        }
        _ = try groupsOfEach()
    }

    private func groupsOfEach() throws -> [SpaceGroup]? {
        guard let spaceGroups else { return nil }
        if spaceGroups == "fourteen" { return SpaceGroupPlan.fourteen }
        let groups = try spaceGroups.split(separator: ",").map { part in
            guard let group = Int(part.filter { $0 != " " }).flatMap({ SpaceGroup(number: $0) }) else {
                throw ValidationError(
                    "--space-groups \(spaceGroups): write fourteen, or numbers from 1 to 230 such as 62,194,225")
            }
            return group
        }
        guard !groups.isEmpty, Set(groups).count == groups.count else {
            throw ValidationError(
                "--space-groups \(spaceGroups): write fourteen, or numbers such as 62,194,225, each once")
        }
        return groups
    }

    /// One thing that is evaluated.
    struct Source {
        enum Content {
            case policy(PolicyWeights, SpaceGroupPlan, SamplingOptions, seed: UInt64)
            case files([String])
        }

        /// For columns.
        let title: String
        /// For files.
        let name: String
        /// What decides which crystals they are; nil if that cannot be told, as of the standard input.
        let words: String?
        let content: Content
        /// The policy's file, where it is a run's newest.
        var file: URL?

        /// How many crystals there are; nil if that is not known before.
        var count: Int? {
            if case .policy(_, let plan, _, _) = content { plan.count } else { nil }
        }

        func evaluate(
            _ evaluation: CrystalEvaluation, log: EvaluationLog?, progress: @escaping @Sendable (Int) -> Void
        ) throws -> [EvaluatedCrystal] {
            switch content {
            case .policy(let weights, let plan, let options, let seed):
                return try evaluation.evaluate(
                    weights, plan: plan, options: options, seed: seed, prefix: "\(name)-", log: log,
                    progress: progress)
            case .files(let paths):
                var (count, unreadable, first) = (0, 0, "")
                let crystals = try evaluation.evaluate(log: log, progress: progress) { take in
                    try InputFiles(paths: paths, format: nil).forEachBatch(of: 256) { entries in
                        for entry in entries {
                            guard case .failure(let error) = entry.input else { continue }
                            try Self.requireOpen(error)
                            unreadable += 1
                            if unreadable == 1 { first = "\(entry.id): \(error)" }
                        }
                        count += entries.count
                        try take(entries.map(Self.subject))
                    }
                }
                if unreadable > 0 {
                    guard unreadable < count else {
                        throw ToolFailure("none of \(count) structures can be read; the first: \(first)")
                    }
                    writeMessage(
                        "\(unreadable) of \(count) structures cannot be read, and count as samples that are not valid; "
                            + "the first: \(first)")
                }
                return crystals
            }
        }

        /// A file that does not open is no crystal, whatever may stand in it.
        private static func requireOpen(_ error: StructureFileError) throws {
            switch error {
            case .unreadable, .damagedArchive, .archive, .unknownFormat, .missingColumn, .missingNumber:
                throw ToolFailure(error)
            case .malformed, .cif, .crystal, .symmetry: break
            }
        }

        private static func subject(_ entry: StructureEntry) -> EvaluationSubject {
            switch entry.input {
            case .success(.structure(let structure)): EvaluationSubject(id: entry.id, form: .structure(structure))
            case .success(.crystal(let crystal)): EvaluationSubject(id: entry.id, form: .crystal(crystal))
            case .failure(let error): EvaluationSubject(id: entry.id, form: .unreadable("\(error)"))
            }
        }
    }

    /// What is evaluated, in order: before and after for a run.
    /// - Parameters:
    ///   - constraint: that of the run: what it would not draw is not drawn here.
    ///   - usualCount: how many crystals where that is not told.
    func sources(
        of directory: RunDirectory?, _ run: RunConfiguration?, constraint: Constraint, usualCount: Int
    ) throws -> [Source] {
        var options = SamplingOptions()
        options.constraint = constraint
        options.temperature = temperature
        let plan = try plan(run, usualCount)
        let elements = constraint.elements.map { ", elements \($0.sorted().map(\.symbol).joined(separator: " "))" }
        let fewest = constraint.minimumElements > 1 ? ", at least \(constraint.minimumElements) elements" : ""
        func source(_ title: String, _ name: String, _ weights: PolicyWeights, file: URL? = nil) throws -> Source {
            let digest = Digest(of: try weights.encoded()).hexadecimal
            return Source(
                title: title, name: name,
                words: "policy \(digest), \(plan), temperature \(temperature), seed \(seed)\(elements ?? "")\(fewest)",
                content: .policy(weights, plan, options, seed: seed), file: file)
        }
        if let directory {
            let choice = checkpoint.flatMap { RunVersionChoice($0) } ?? .newest
            let policies = try RunPolicies(directory, choice: choice) { damage in
                writeMessage("warning: a checkpoint is damaged, the one before it is taken: \(damage)")
            }
            return [
                try source("before", "before", policies.before),
                try source("version \(policies.version)", "after", policies.after, file: policies.file),
            ]
        }
        if let policy {
            let weights = try FineTuningRun.policy(named: policy, spaceGroups: frequencies.spaceGroupsFrom)
            if case .frequencies = plan { try frequencies.require(of: weights, named: policy, spaceGroups: []) }
            return [try source(policy, "policy", weights)]
        }
        // What cannot be read counts as a sample that is not valid; what is not there is no sample.
        try structures.requirePresent()
        for path in structures where EvaluationFolder.isOne(URL(filePath: path)) {
            throw ToolFailure(
                "\(path) is what an evaluation saved, each crystal several times: name its crystals-NAME.csv, or the "
                    + "folder cifs-NAME in it")
        }
        return [
            Source(
                title: "structures", name: "structures", words: contents,
                content: .files(structures))
        ]
    }

    /// The structures' files by what is in them; nil if one cannot be read twice.
    private var contents: String? {
        guard !structures.contains("-") else { return nil }
        let digests = StructurePlace.all(in: structures, format: nil).places.map { place in
            "\(place.name) \((try? place.digest().hexadecimal) ?? "unreadable")"
        }
        return "structures \(Digest(of: digests.joined(separator: "\n").utf8).hexadecimal)"
    }

    private func plan(_ run: RunConfiguration?, _ usualCount: Int) throws -> SpaceGroupPlan {
        if let groups = try groupsOfEach() { return .each(groups, count: count ?? 100) }
        let numbers = spaceGroup.isEmpty ? run?.spaceGroups ?? [] : spaceGroup
        let groups = numbers.compactMap { SpaceGroup(number: $0) }
        return groups.isEmpty ? .frequencies(count: count ?? usualCount) : .among(groups, count: count ?? usualCount)
    }
}

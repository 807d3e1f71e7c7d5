internal import Archive
internal import Base
package import Configuration
internal import Coordination
internal import Engines
package import Policy
internal import Potentials
package import Rewards
internal import Trajectories

/// What `learner` and `druse launch` read: one fine-tuning run. What each value is stands in `keys`.
package struct RunConfiguration: ConfigurationSection {
    package var runDirectory = "runs/run"
    package var seed: UInt64 = 1
    package var policy = "base"
    package var reference: String?
    package var mode = RunMode.synchronous
    package var maxStaleness = 1
    package var versions = 40
    package var batchSize = 256
    package var unitSize = 32
    var taskSize = 8
    package var spaceGroups: [Int] = []
    package var spaceGroupsFrom: String?
    package var elements = ElementConfiguration()
    package var objective = ObjectiveConfiguration()
    package var reward = RewardConfiguration()
    package var potential = "chgnet"
    package var hull = "default"
    package var judges: [JudgeConfiguration] = []
    package var properties: [String] = []
    package var stableBelow = RunManifest.usualStableBelow
    package var weightsOnTheWire = WeightFormat.float32
    package var listen = "tcp://127.0.0.1:0"
    package var threads = 0
    var keepCheckpoints = 3
    package var keepBest = BestMeasure.stableFraction
    var unitLeaseSeconds = HubTiming().unitLease / .seconds(1)
    var taskLeaseSeconds = HubTiming().taskLease / .seconds(1)
    var livenessSeconds = HubTiming().liveness / .seconds(1)
    var auditShare = 0.01
    var auditTolerance = 0.01

    package init() {}

    private static let atOnce = ResumeRule.changes("from the start of the process on")

    package static let keys: [ConfigurationKey<RunConfiguration>] = [
        .init(
            "run_dir", \.runDirectory, "the run's directory; relative to the current folder", onResume: .place,
            files: .currentFolder),
        .init("seed", \.seed, "of all randomness of the run"),
        .init(
            "policy", \.policy, "the policy to begin with: `base`, the embedded one, or a file",
            onResume: .sameContents,
            files: .configuration(unless: ["base"])),
        .init(
            "reference", optional: \.reference, absent: "the policy to begin with",
            "the frozen policy of the KL term: `base` or a file", onResume: .sameContents,
            files: .configuration(unless: ["base"])),
        .init(
            "mode", \.mode,
            "`synchronous`: a batch is sampled, measured, learnt from, one after the other, with the same weights from "
                + "the same seed however many processes there are; `asynchronous`: all at the same time"),
        .init(
            "max_staleness", \.maxStaleness, takes: .range(0...64), unit: "versions",
            "how much older than the policy a step begins with the one may be that sampled its crystals; asynchronous "
                + "mode alone"),
        .init(
            "versions", \.versions, takes: .range(1...1_000_000_000),
            "training steps: batches sampled, scored, learnt from",
            onResume: .changes("it decides when the run ends; the versions already made stay as they are")),
        .init("batch_size", \.batchSize, takes: .range(1...10_000_000), unit: "crystals", "crystals of a batch"),
        .init(
            "unit_size", \.unitSize, takes: .range(1...1024), unit: "crystals",
            "crystals that an actor is granted at a time"),
        .init(
            "task_size", \.taskSize, takes: .range(1...256), unit: "crystals",
            "crystals that a reward worker is given at a time", onResume: atOnce),
        .init(
            "space_groups", \.spaceGroups, takes: .each(.range(1...230)),
            "the space groups to sample, uniformly; none: as often as in the policy's training data"),
        .init(
            "space_groups_from", optional: \.spaceGroupsFrom, absent: "the policy's own",
            "a table of crystals (csv) whose frequencies of space groups are sampled, for a policy that does not know "
                + "those of its training data",
            onResume: .sameContents, files: .configuration()),
        .init(section: "elements", \.elements),
        .init(section: "objective", \.objective),
        .init(section: "reward", \.reward),
        .init(
            "potential", \.potential,
            "what gives the energies: `chgnet`, `chgnet-0.2.0` or `chgnet-r2scan`, a file of the same kind, or "
                + "`external NAME`, an engine that reward workers are started with (`--engine`)",
            onResume: .sameContents,
            files: .configuration(unless: PotentialSource.names, prefix: PotentialName.externalPrefix)),
        .init(
            "hull", \.hull,
            "what heights are taken above: `default`, the embedded hull, a file of `druse hull-index`, or one in "
                + "Alexandria's layout",
            onResume: .sameContents, files: .configuration(unless: ["default"])),
        .init(
            "judges", \.judges, takes: .custom(nil) { judgesProblem($0) },
            "further potentials that measure every crystal that the run's own has measured, for the archive and for "
                + "terms of the reward that name their numbers (`judge_energy_per_atom`): "
                + "`[{name: judge, potential: chgnet-r2scan}]`. Workers measure by those that they can",
            onResume: .sameContents,
            files: .configuration(
                unless: PotentialSource.names + ["default", HullSource.none], prefix: PotentialName.externalPrefix)),
        .init(
            "properties", \.properties, takes: .custom(nil) { propertiesProblem($0) },
            "models that predict properties of every crystal that is measured, for the reward and the archive: "
                + "files or folders of MEGNet models, `gap.safetensors`, `gap.safetensors:band_gap_hse`"
                + PropertySource.names.map { ", `\($0)`" }.joined(),
            onResume: .sameContents, files: .configuration(unless: PropertySource.names)),
        .init(
            "stable_below", \.stableBelow, unit: "eV/atom",
            "at most so high above the hull a crystal counts as stable in logs, report and evaluation"),
        .init(
            "weights_on_the_wire", \.weightsOnTheWire,
            "the numbers that actors pull and sample by: `f32`, those that are learnt, or `bf16`, rounded ones of half "
                + "the size, made up for by importance weights"),
        .init(
            "listen", \.listen, takes: .custom("tcp://HOST:PORT") { endpointProblem($0) },
            "where the learner listens: an address, the name of a host or a network interface, or `*`; "
                + "port 0 takes a free one",
            onResume: atOnce),
        .init(
            "threads", \.threads, takes: .atLeast(0),
            "of the training; 0: all cores that affinity, control groups (`cpu.max`) and `SLURM_CPUS_PER_TASK` "
                + "allow. 16 crystals of a step keep one busy",
            onResume: atOnce),
        .init(
            "keep_checkpoints", \.keepCheckpoints, takes: .atLeast(2), "the newest checkpoints that are kept",
            onResume: atOnce),
        .init(
            "keep_best", \.keepBest,
            "by what the best version is told, whose checkpoint is kept beside the newest ones (`checkpoints/best`): "
                + "the `stable_fraction` or the mean `reward` of the crystals that it sampled; `none`: no other is "
                + "kept",
            onResume: atOnce),
        .init(
            "unit_lease_seconds", \.unitLeaseSeconds, takes: .range(3...1e6), unit: "s",
            "after which a unit is given to another actor as well, at the latest: sooner once it is known how long "
                + "units take", onResume: atOnce),
        .init(
            "task_lease_seconds", \.taskLeaseSeconds, takes: .range(3...1e6), unit: "s",
            "after which a task is given to another reward worker as well, at the latest: sooner once it is known how "
                + "long tasks take", onResume: atOnce),
        .init(
            "liveness_seconds", \.livenessSeconds, takes: .range(3...1e6), unit: "s",
            "of silence after which an actor or reward worker is lost", onResume: atOnce),
        .init(
            "audit_share", \.auditShare, takes: .range(0...1),
            "the share of the crystals that another reward worker measures again: who contradicts two others three "
                + "times is turned away. The first measurement counts", onResume: atOnce),
        .init(
            "audit_tolerance", \.auditTolerance, takes: .atLeast(0), unit: "eV/atom",
            "energies that are further apart contradict each other", onResume: atOnce),
    ]

    package var conflicts: [(key: String, problem: String)] {
        spaceGroups.isEmpty || spaceGroupsFrom == nil
            ? [] : [("space_groups_from", "has no meaning beside space_groups; leave one of them out")]
    }

    /// What the run's crystals are measured by.
    func standard() throws(ModelError) -> MeasuringStandard {
        try MeasuringStandard(potential: potential, hull: hull)
    }

    /// What predicts properties of its crystals.
    func propertyStandard() throws(ConfigurationError) -> PropertyStandard {
        do throws(ModelError) {
            return try PropertyStandard(properties)
        } catch {
            throw ConfigurationError(source: "properties", problems: ["\(error)"])
        }
    }

    /// What its judges measure by, in their order.
    func judgeStandards() throws(ConfigurationError) -> [MeasuringStandard] {
        var standards: [MeasuringStandard] = []
        for judge in judges {
            do throws(ModelError) {
                standards.append(try MeasuringStandard(potential: judge.potential, hull: judge.hull))
            } catch { throw ConfigurationError(source: "judges", problems: ["\(judge.name): \(error)"]) }
        }
        return standards
    }

    /// Checks that no judge's quantities can stand in the place of the run's own.
    ///
    /// - Throws: ``ConfigurationError`` for a judge with which a name begins that is taken.
    func checkJudges(beside properties: PropertyStandard) throws(ConfigurationError) {
        let predicted = properties.models.flatMap(\.predictions)
            .flatMap { Measurement.Quantity(rawValue: $0.name).predicted.map(\.rawValue) }
        for judge in judges {
            // What an engine of others gives is not known before it is there.
            let isBrought = PotentialName(judge.potential).externalName != nil
            let names = Measurement.Quantity.archiveNames.union(Measurement.Quantity.exportNames)
            guard let problem = judge.problem(beside: isBrought ? names.union(predicted) : Set(predicted)) else {
                continue
            }
            throw ConfigurationError(source: "judges", problems: ["a name \(problem)"])
        }
    }

    private static func judgesProblem(_ judges: [JudgeConfiguration]) -> String? {
        guard judges.count <= LearnerConfiguration.judgeLimit else {
            return "holds \(judges.count); it may hold \(LearnerConfiguration.judgeLimit)"
        }
        let names = judges.map(\.name)
        return Set(names).count == names.count ? nil : "holds two of one name"
    }

    private static func propertiesProblem(_ names: [String]) -> String? {
        if names.count > 16 { return "holds \(names.count); it may hold 16" }
        return Set(names).count == names.count ? nil : "names one of them twice"
    }

    private static func endpointProblem(_ text: String) -> String? {
        do {
            _ = try Endpoint(text)
            return nil
        } catch { return "is not a place to listen at: \(error)" }
    }
}

extension WeightFormat: ConfigurationValue {}

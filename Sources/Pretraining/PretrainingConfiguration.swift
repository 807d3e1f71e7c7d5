package import Configuration
package import Policy

/// What `druse pretrain --config` reads.
package struct PretrainingConfiguration: ConfigurationSection {
    /// Tables with a `cif` column, relative to the configuration file; a `split` column (train, val) divides a table.
    package var data: [String] = []
    /// Tables to validate on, all rows, where `data` has no `split` column.
    package var validationData: [String] = []
    /// Å, of the symmetry search for crystals whose file states none but P1.
    package var symmetryTolerance = 0.01
    /// Where checkpoints and metrics go, relative to the current folder.
    package var runDirectory = "runs/pretrain"
    package var policy = PolicyConfiguration()
    package var seed: UInt64 = 1
    package var steps = 10_000
    package var batchSize = 256
    package var learningRate = 1e-3
    package var warmupSteps = 200
    /// The rate at the end, as a share of `learning_rate`.
    package var finalRateShare = 0.0
    package var weightDecay = 0.0
    package var clipNorm = 1.0
    package var validateEvery = 500
    /// The most validation crystals; 0 for all.
    package var validationLimit = 0
    /// 0 for all cores.
    package var threads = 0

    package init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case data, policy, seed, steps, threads
        case validationData = "validation_data"
        case symmetryTolerance = "symprec"
        case runDirectory = "run_dir"
        case batchSize = "batch_size"
        case learningRate = "learning_rate"
        case warmupSteps = "warmup_steps"
        case finalRateShare = "final_rate_share"
        case weightDecay = "weight_decay"
        case clipNorm = "clip_norm"
        case validateEvery = "validate_every"
        case validationLimit = "validation_limit"
    }

    package init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.data, into: &data)
        try read(.validationData, into: &validationData)
        try read(.symmetryTolerance, into: &symmetryTolerance)
        try read(.runDirectory, into: &runDirectory)
        try read(.policy, into: &policy)
        try read(.seed, into: &seed)
        try read(.steps, into: &steps)
        try read(.batchSize, into: &batchSize)
        try read(.learningRate, into: &learningRate)
        try read(.warmupSteps, into: &warmupSteps)
        try read(.finalRateShare, into: &finalRateShare)
        try read(.weightDecay, into: &weightDecay)
        try read(.clipNorm, into: &clipNorm)
        try read(.validateEvery, into: &validateEvery)
        try read(.validationLimit, into: &validationLimit)
        try read(.threads, into: &threads)
    }

    package static var fields: [String: (any ConfigurationSection.Type)?] {
        var fields = plain(CodingKeys.allCases.map(\.rawValue))
        fields["policy"] = .some(PolicyConfiguration.self)
        return fields
    }

    package var problems: [String] {
        var problems = policy.problems.map { "policy: \($0)" }
        func require(_ condition: Bool, _ text: String) { if !condition { problems.append(text) } }
        require(!data.isEmpty, "data is empty; name at least one csv file with a cif column")
        require(
            symmetryTolerance > 0 && symmetryTolerance <= 1,
            "symprec is \(symmetryTolerance); it must be above 0 and at most 1 (angstrom)")
        require(steps > 0, "steps is \(steps); it must be positive")
        require((1...1_000_000).contains(batchSize), "batch_size is \(batchSize); it must be 1...1000000")
        require(learningRate > 0 && learningRate.isFinite, "learning_rate is \(learningRate); it must be positive")
        require(warmupSteps >= 0, "warmup_steps is \(warmupSteps); it must not be negative")
        require((0...1).contains(finalRateShare), "final_rate_share is \(finalRateShare); it must be 0...1")
        require(weightDecay >= 0 && weightDecay.isFinite, "weight_decay is \(weightDecay); it must not be negative")
        require(clipNorm > 0, "clip_norm is \(clipNorm); it must be positive")
        require(validateEvery > 0, "validate_every is \(validateEvery); it must be positive")
        require(validationLimit >= 0, "validation_limit is \(validationLimit); it must not be negative")
        require(threads >= 0, "threads is \(threads); it must not be negative")
        return problems
    }
}

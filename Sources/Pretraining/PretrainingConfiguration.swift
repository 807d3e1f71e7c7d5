package import Configuration
package import Policy

/// What `druse pretrain` reads. What each value is stands in `keys`.
package struct PretrainingConfiguration: ConfigurationSection {
    package var data: [String] = []
    var validationData: [String] = []
    package var symmetryTolerance = 0.01
    package var runDirectory = "runs/pretrain"
    package var policy = PolicyConfiguration()
    package var seed: UInt64 = 1
    package var steps = 10_000
    package var batchSize = 256
    package var learningRate = 1e-3
    package var warmupSteps = 200
    var finalRateShare = 0.0
    package var weightDecay = 0.0
    package var clipNorm = 1.0
    package var validateEvery = 500
    package var validationLimit = 0
    package var threads = 0

    package init() {}

    package static let keys: [ConfigurationKey<PretrainingConfiguration>] = [
        .init(
            "data", \.data,
            "csv files with a `cif` column; a `split` column (`train`, `val`) divides a file", onResume: .sameContents,
            files: .configuration()),
        .init(
            "validation_data", \.validationData,
            "csv files to validate on, all rows, where `data` has no `split` column", onResume: .sameContents,
            files: .configuration()),
        .init(
            "symprec", \.symmetryTolerance, takes: .above(0, atMost: 1), unit: "Å",
            "the space group is searched with it where a CIF states P1 alone, and kept where it states another"),
        .init(
            "run_dir", \.runDirectory, "where checkpoints and metrics go; relative to the current folder",
            onResume: .place, files: .currentFolder),
        .init(section: "policy", \.policy),
        .init("seed", \.seed, "of all randomness of the training"),
        .init("steps", \.steps, takes: .atLeast(1), unit: "steps", "steps of the optimiser"),
        .init("batch_size", \.batchSize, takes: .range(1...1_000_000), unit: "crystals", "crystals of a step"),
        .init(
            "learning_rate", \.learningRate, takes: .above(0),
            "the rate after the warm-up, from where it falls as a cosine"),
        .init("warmup_steps", \.warmupSteps, takes: .atLeast(0), unit: "steps", "over which the rate climbs from 0"),
        .init(
            "final_rate_share", \.finalRateShare, takes: .range(0...1),
            "the rate at the end, as a share of `learning_rate`"),
        .init("weight_decay", \.weightDecay, takes: .atLeast(0), "decoupled (AdamW)"),
        .init("clip_norm", \.clipNorm, takes: .above(0, orInfinite: true), "the largest norm of the gradient"),
        .init(
            "validate_every", \.validateEvery, takes: .atLeast(1), unit: "steps",
            "between validations and checkpoints"),
        .init(
            "validation_limit", \.validationLimit, takes: .atLeast(0), unit: "crystals",
            "the most crystals to validate on; 0: all"),
        .init(
            "threads", \.threads, takes: .atLeast(0), "of the training; 0: all cores",
            onResume: .changes("from the start of the process on")),
    ]

    package var conflicts: [(key: String, problem: String)] {
        data.isEmpty ? [("data", "is empty; name at least one csv file with a cif column")] : []
    }
}

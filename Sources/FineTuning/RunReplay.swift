internal import Archive
package import Base
internal import Engines
internal import Fleet
package import Foundation
internal import Kernels
internal import Policy
internal import Telemetry
package import Trajectories

/// Makes the steps of a run again from its archive, without actors or reward workers: what it was trained on is all
/// there, so that the same weights come out, of an asynchronous run as well.
///
/// Nothing is written. It holds a run against its own records, and lets training be looked at, and timed, alone.
package struct RunReplay {
    /// A step that was made again.
    package struct ReplayedStep: Sendable {
        package let step: Step
        package let crystals: Int
        /// The digest of the weights that it made.
        package let policy: Digest
        /// The digest of the weights that the run made by it; nil where its records do not say.
        package let recorded: String?
        /// Of training, s.
        package let seconds: Double

        /// Whether the run does not say what it made.
        package var isUnknown: Bool { recorded == nil }

        /// Whether the run made other weights.
        package var differs: Bool { recorded.map { $0 != policy.hexadecimal } ?? false }
    }

    private let configuration: RunConfiguration
    private let archive: RunArchive
    private let trainer: PolicyTrainer
    private let digests: [Int: String]
    /// The steps that the run has made.
    package let steps: [Step]
    /// Why other weights may come out here although nothing is wrong; nil for no reason.
    package let caution: String?

    /// Opens a run for reading, at its begin.
    ///
    /// - Throws: what cannot be read of it, and `RoleError.cannotServe(_:)` for an archive without batches.
    package init(directory folder: URL) throws {
        let directory = try RunDirectory.open(at: folder)
        let inputs = try RunInputs(directory)
        caution = directory.manifest.difference(fromKernels: BLAS.coreName)
        configuration = inputs.configuration
        let standard = try inputs.standard()
        let initial = try inputs.policy()
        let elements = try configuration.elements.choice(for: standard, policy: initial.configuration)
        let reference = try Data(contentsOf: directory.url.appending(path: RunInputs.referenceFileName))
        let store = CheckpointStore(
            reading: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest)
        var judging = configuration
        judging.reward = try inputs.reward()
        trainer = try PolicyTrainer(
            configuration: judging, initial: initial, reference: reference, constraint: elements.constraint,
            engine: standard.digests, store: store, resume: false, problem: { _ in })
        archive = try RunArchive(url: directory.archive, access: .readOnly)
        steps = try archive.stepRecords().map { Step($0.step) }
        var digests = try archive.policyDigests()
        if let newest = try TrainingCheckpoint.newest(in: store, engine: standard.digests, problem: { _ in }) {
            digests[newest.version.number] = try Digest(of: newest.weights.encoded(as: configuration.weightsOnTheWire))
                .hexadecimal
        }
        self.digests = digests
        guard let last = steps.last, steps == (0...last.number).map({ Step($0) }) else {
            throw RoleError.cannotServe(
                "\(directory.archive.path) lacks steps: it has \(steps.count), and a replay needs all from the first "
                    + "on")
        }
    }

    /// Makes the steps again, in order, up to one.
    ///
    /// - Parameters:
    ///   - last: nil: all.
    ///   - told: hears of each.
    /// - Throws: what training throws, and `RoleError.cannotServe(_:)` for a step whose batch is not there.
    package func run(until last: Step? = nil, told: (ReplayedStep) -> Void) throws {
        let staleness = configuration.mode == .asynchronous ? configuration.maxStaleness : 0
        for step in steps where last.map({ step <= $0 }) ?? true {
            let crystals = try archive.batch(of: step, maximumStaleness: staleness)
            guard !crystals.isEmpty else {
                throw RoleError.cannotServe("the archive has no crystals of step \(step)'s batch")
            }
            let begin = Moment.now
            let trained = try trainer.train(ScoredBatch(step: step, crystals: crystals, seconds: 0))
            told(
                ReplayedStep(
                    step: step, crystals: crystals.count, policy: trained.policy.digest,
                    recorded: digests[trained.version.number], seconds: begin.duration(to: .now).seconds))
        }
    }
}

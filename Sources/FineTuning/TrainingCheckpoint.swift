package import Archive
internal import Base
package import Engines
package import Foundation
internal import Kernels
package import Policy
package import PolicyOptimization
package import Rewards
package import Trajectories

/// All state of a fine-tuning run between two steps, as the parts of a checkpoint.
package struct TrainingCheckpoint: Sendable {
    /// What the last step made, and the next one begins with.
    package var version: PolicyVersion
    package var weights: PolicyWeights
    package var optimiser: Adam
    package var baseline: RunningBaseline

    /// Steps in a row until now that left the weights as they were, since a number was not finite.
    package var skippedInARow: Int
    /// What judged the crystals that the weights were trained on.
    package var engine: EngineDigests
    /// What is held for the next step; nil before the first one, and in checkpoints of builds that did not keep it.
    package var gathering: GatheringState?
    /// What judging remembers of the batches before.
    package var judging: RewardJudge.State

    package init(
        version: PolicyVersion, weights: PolicyWeights, optimiser: Adam, baseline: RunningBaseline,
        skippedInARow: Int = 0, engine: EngineDigests = EngineDigests(), gathering: GatheringState? = nil,
        judging: RewardJudge.State = .init()
    ) {
        self.judging = judging
        self.gathering = gathering
        self.skippedInARow = skippedInARow
        self.engine = engine
        self.version = version
        self.weights = weights
        self.optimiser = optimiser
        self.baseline = baseline
    }

    /// The names of the parts.
    package static let policyPart = "policy.safetensors"
    private static let optimiserPart = "optimiser.safetensors"
    private static let statePart = "state.json"

    private struct State: Codable {
        var version: Int
        var optimiserSteps: Int
        var baseline: RunningBaseline
        /// Checkpoints of runs that never skipped a step may lack it.
        var skippedInARow: Int?
        /// Checkpoints of older builds lack it.
        var engine: EngineDigests?
        /// Checkpoints of older builds lack it.
        var gathering: GatheringState?
        /// Checkpoints of older builds lack it.
        var judging: RewardJudge.State?
    }

    /// - Parameter policyBytes: `weights` encoded, with no digit lost.
    package func parts(policyBytes: Data) throws -> [String: Data] {
        let moments = Safetensors(tensors: optimiser.tensors())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let state = State(
            version: version.number, optimiserSteps: optimiser.stepCount, baseline: baseline,
            skippedInARow: skippedInARow, engine: engine, gathering: gathering, judging: judging)
        return [
            Self.policyPart: policyBytes, Self.optimiserPart: moments.encoded(),
            Self.statePart: try encoder.encode(state),
        ]
    }

    /// Reads the parts back.
    ///
    /// - Parameter expected: Potential and hull of the run.
    /// - Throws: an error that names the part that is missing or does not fit the others, or both digests if it is of
    ///   another potential or hull.
    package init(
        _ checkpoint: Checkpoint, settings: Adam.Settings = .init(), engine expected: EngineDigests = .init()
    ) throws {
        func part(_ name: String) throws -> Data {
            guard let data = checkpoint.parts[name] else {
                throw RoleError.work(
                    "checkpoint \(checkpoint.version) lacks \(name); remove it to go on from the one before")
            }
            return data
        }
        weights = try PolicyWeights(encoded: part(Self.policyPart))
        let moments = try Safetensors(part(Self.optimiserPart)).tensors
        guard let state = try? JSONDecoder().decode(State.self, from: part(Self.statePart)) else {
            throw RoleError.work("\(Self.statePart) of checkpoint \(checkpoint.version) cannot be read")
        }
        let optimiser = Adam(
            settings: settings, stepCount: state.optimiserSteps, tensors: moments,
            parameterCount: weights.layout.parameterCount)
        guard let optimiser, state.version == checkpoint.version else {
            throw RoleError.work("the parts of checkpoint \(checkpoint.version) do not fit one another; remove it")
        }
        version = PolicyVersion(state.version)
        gathering = state.gathering
        if let gathering, gathering.nextStep != version.nextStep {
            throw RoleError.work(
                "checkpoint \(checkpoint.version) holds crystals for step \(gathering.nextStep); remove it")
        }
        baseline = state.baseline
        judging = state.judging ?? RewardJudge.State()
        skippedInARow = state.skippedInARow ?? 0
        engine = state.engine ?? EngineDigests()
        if let difference = expected.difference(from: engine) { throw RoleError.cannotServe(difference) }
        guard moments.values.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else {
            throw RoleError.work(
                "\(Self.optimiserPart) of checkpoint \(checkpoint.version) holds numbers that are not finite")
        }
        self.optimiser = optimiser
    }

    /// The newest checkpoint that a run can go on from, by the one rule for it; nil if there is none.
    ///
    /// - Parameters:
    ///   - engine: Potential and hull of the run; checkpoints of others are passed over.
    ///   - problem: told what is wrong with each newer one.
    package static func newest(
        in store: CheckpointStore, settings: Adam.Settings = .init(), engine: EngineDigests = .init(),
        problem: (Checkpoint.Damage) -> Void
    ) throws -> TrainingCheckpoint? {
        let (checkpoint, damaged) = try store.latest {
            try TrainingCheckpoint($0, settings: settings, engine: engine)
        }
        damaged.forEach(problem)
        return checkpoint
    }
}

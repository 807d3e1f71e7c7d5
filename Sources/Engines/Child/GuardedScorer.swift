import Base
import Logging
import Trajectories

/// Scores crystals in the engine child, and finds out which of them crash or hang it.
final class GuardedScorer: CrystalScorer {
    /// A crystal whose child is killed this often from outside is evaluated alone.
    private static let killsBeforeSuspicion = 2
    /// A crystal that is alone in a child killed so often from outside is what gets it killed: by the system, for
    /// memory.
    private static let killsAlone = 5

    private let engine: EngineGuard
    private let settings: String

    init(engine: EngineGuard, settings: String) {
        self.engine = engine
        self.settings = settings
    }

    /// - Throws: ``RoleError`` if there is no engine here: no crystal is at fault.
    func score(_ crystals: [SampledCrystal]) throws -> [ScoringResult] {
        if crystals.isEmpty {
            try prepare()
            return []
        }
        var results = [ScoringResult?](repeating: nil, count: crystals.count)
        var kills = [Int](repeating: 0, count: crystals.count)
        while true {
            let open = crystals.indices.filter { results[$0] == nil }
            if open.isEmpty { return results.compactMap { $0 } }
            switch try engine.evaluate(open.map { crystals[$0] }, settings: settings) {
            case .results(let answers):
                for (index, answer) in zip(open, answers) { results[index] = answer }
            case .problem(let text): throw RoleError.cannotServe(text)
            case .timedOut(let position):
                let crystal = crystals[open[position]]
                engine.logger.warning(
                    "crystal \(crystal.id) made no progress for \(engine.timeLimit.seconds) s; trying it alone")
                results[open[position]] = try scoreAlone(crystal)
            case .died(let death, let position):
                // One that the worker ended itself, or in which these crystals were not begun, tells nothing about
                // them.
                guard !death.wasIntended, let position, open.indices.contains(position) else { continue }
                let crystal = crystals[open[position]]
                kills[open[position]] += 1
                if death.isAmbiguous, kills[open[position]] < Self.killsBeforeSuspicion { continue }
                engine.logger.warning(
                    "the engine process ended (\(death)) with crystal \(crystal.id) in hand; trying it alone")
                results[open[position]] = try scoreAlone(crystal)
            }
        }
    }

    /// Makes sure that there is an engine, and that it is the learner's.
    private func prepare() throws {
        while true {
            switch try engine.evaluate([], settings: settings) {
            case .results: return
            case .problem(let text): throw RoleError.cannotServe(text)
            case .timedOut, .died: continue
            }
        }
    }

    private func scoreAlone(_ crystal: SampledCrystal) throws -> ScoringResult {
        let begin = Moment.now
        var kills = 0
        while true {
            let failure: EvaluationFailure
            switch try engine.evaluateAlone(crystal, settings: settings) {
            case .results(let answers):
                guard let answer = answers.first else { continue }
                return answer
            case .problem(let text): throw RoleError.cannotServe(text)
            case .timedOut:
                failure = .engineTimedOut
                engine.logger.error(
                    """
                    crystal \(crystal.id): engine_timed_out: alone, too, it made no progress for \
                    \(engine.timeLimit.seconds) s; a faster machine might have scored it, so that a run with the same \
                    seed need not give the same weights
                    """)
            case .died(let death, let position):
                if death.wasIntended { throw RoleError.work("the worker leaves") }
                if position == nil { continue }
                kills += 1
                if death.isAmbiguous, kills < Self.killsAlone { continue }
                failure = .engineCrashed
                engine.logger.error(
                    "crystal \(crystal.id): engine_crashed: it ends the engine alone, too (\(death))")
            }
            return ScoringResult(outcome: .failed(failure), seconds: begin.duration(to: .now).seconds)
        }
    }
}

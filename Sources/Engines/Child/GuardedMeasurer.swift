import Base
import Logging
import Trajectories

/// Measures items in the engine child, and finds out which of them crash or hang it.
final class GuardedMeasurer: CrystalMeasurer {
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
    func measure(_ items: [WorkItem]) throws -> [MeasuringResult] {
        if items.isEmpty {
            try prepare()
            return []
        }
        var results = [MeasuringResult?](repeating: nil, count: items.count)
        var kills = [Int](repeating: 0, count: items.count)
        while true {
            let open = items.indices.filter { results[$0] == nil }
            if open.isEmpty { return results.compactMap { $0 } }
            switch try engine.evaluate(open.map { items[$0] }, settings: settings) {
            case .results(let answers):
                for (index, answer) in zip(open, answers) { results[index] = answer }
            case .problem(let text): throw RoleError.cannotServe(text)
            case .timedOut(let position):
                let item = items[open[position]]
                engine.logger.warning(
                    "crystal \(item) made no progress for \(engine.timeLimit.seconds) s; trying it alone")
                results[open[position]] = try measureAlone(item)
            case .died(let death, let position):
                // One that the worker ended itself, or in which these crystals were not begun, tells nothing about
                // them.
                guard !death.wasIntended, let position, open.indices.contains(position) else { continue }
                let item = items[open[position]]
                kills[open[position]] += 1
                if death.isAmbiguous, kills[open[position]] < Self.killsBeforeSuspicion { continue }
                engine.logger.warning(
                    "the engine process ended (\(death)) with crystal \(item) in hand; trying it alone")
                results[open[position]] = try measureAlone(item)
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

    private func measureAlone(_ item: WorkItem) throws -> MeasuringResult {
        let begin = Moment.now
        var kills = 0
        while true {
            let failure: EvaluationFailure
            switch try engine.evaluateAlone(item, settings: settings) {
            case .results(let answers):
                guard let answer = answers.first else { continue }
                return answer
            case .problem(let text): throw RoleError.cannotServe(text)
            case .timedOut:
                failure = .engineTimedOut
                engine.logger.error(
                    """
                    crystal \(item): engine_timed_out: alone, too, it made no progress for \
                    \(engine.timeLimit.seconds) s; a faster machine might have measured it, so that a run with the \
                    same seed need not give the same weights
                    """)
            case .died(let death, let position):
                if death.wasIntended { throw RoleError.work("the worker leaves") }
                if position == nil { continue }
                kills += 1
                if death.isAmbiguous, kills < Self.killsAlone { continue }
                failure = .engineCrashed
                engine.logger.error(
                    "crystal \(item): engine_crashed: it ends the engine alone, too (\(death))")
            }
            return MeasuringResult(outcome: .failed(failure), seconds: begin.duration(to: .now).seconds)
        }
    }
}

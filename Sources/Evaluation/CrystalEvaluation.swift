internal import Base
internal import Crystals
package import Engines
internal import Foundation
package import Policy
internal import Potentials
internal import Stability
internal import Trajectories

/// Evaluates crystals that a policy draws, or that were made elsewhere: what each is, and which are new.
package struct CrystalEvaluation {
    private let engine: ScoringEngine
    private let settings: ExaminationSettings
    private let kinds: KindVerdicts
    private let judge: SecondJudge?
    private let team: ThreadTeam

    /// An examiner that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let examiner: CrystalExaminer
    }

    package init(
        engine: ScoringEngine, settings: ExaminationSettings, kinds: KindVerdicts, judge: SecondJudge? = nil,
        threads: Int
    ) {
        self.engine = engine
        self.settings = settings
        self.kinds = kinds
        self.judge = judge
        team = ThreadTeam(threadCount: threads)
    }

    /// The name of the second judge.
    package var judgeName: String? { judge?.name }
    package var tellsNovelty: Bool { kinds.tellsNovelty }

    /// Draws and evaluates crystals; the result does not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - prefix: what the crystals' names begin with, before their numbers.
    ///   - log: takes crystals that are measured, and knows those that were in an earlier life.
    ///   - progress: told how many crystals are done.
    package func evaluate(
        _ weights: PolicyWeights, plan: SpaceGroupPlan, options: SamplingOptions, seed: UInt64, prefix: String,
        log: EvaluationLog?, progress: (Int) -> Void = { _ in }
    ) throws -> [EvaluatedCrystal] {
        let sampling = CrystalSampling(
            weights: weights, options: options, groups: plan.choice(weights), seed: seed, domain: .evaluation,
            threads: team.threadCount)
        var crystals: [EvaluatedCrystal] = []
        let examiners = makeExaminers()
        try sampling.draw(plan.count) { samples in
            let subjects = samples.enumerated().map { index, sample in
                EvaluationSubject(id: "\(prefix)\(crystals.count + index)", form: .drawn(sample))
            }
            crystals += try measure(subjects, after: crystals.count, examiners, log)
            progress(crystals.count)
        }
        try kinds.write(into: &crystals, team: team)
        return crystals
    }

    /// Evaluates crystals that are given some at a time; names that come again are numbered.
    ///
    /// - Parameter feed: calls its argument with each part of them.
    package func evaluate(
        log: EvaluationLog?, progress: @escaping (Int) -> Void = { _ in },
        feed: (([EvaluationSubject]) throws -> Void) throws -> Void
    ) throws -> [EvaluatedCrystal] {
        var crystals: [EvaluatedCrystal] = []
        var names = UniqueNames()
        let examiners = makeExaminers()
        try feed { subjects in
            let named = subjects.map { EvaluationSubject(id: names.name($0.id), form: $0.form) }
            crystals += try measure(named, after: crystals.count, examiners, log)
            progress(crystals.count)
        }
        try kinds.write(into: &crystals, team: team)
        return crystals
    }

    private func makeExaminers() -> [Owned] {
        (0..<team.threadCount).map { _ in
            Owned(
                examiner: CrystalExaminer(
                    evaluator: engine.potential.makeEvaluator(), hull: engine.hull, alignment: engine.alignment,
                    settings: settings))
        }
    }

    private func measure(
        _ subjects: [EvaluationSubject], after count: Int, _ examiners: [Owned], _ log: EvaluationLog?
    ) throws -> [EvaluatedCrystal] {
        let known = subjects.map { log?.crystal($0.id) }
        let open = subjects.indices.filter { known[$0] == nil }
        let examined = team.map(open) { index, thread in
            examiners[thread].examiner.examine(subjects[index], number: count + index)
        }
        let judgements = try judge?.judge(examined.map(\.last))
        var new = examined.map(\.crystal)
        if let judgements { for index in new.indices { new[index].judged = judgements[index] } }
        try log?.append(new)
        var rest = new[...]
        return known.map { $0 ?? rest.removeFirst() }
    }
}

internal import Base
internal import Crystals
package import Engines
internal import Foundation
package import Policy
internal import Potentials
internal import Stability
internal import Synchronization
internal import Trajectories

/// Evaluates crystals that a policy draws, or that were made elsewhere: what each is, and which are new.
package struct CrystalEvaluation {
    private let engine: ScoringEngine
    private let settings: ExaminationSettings
    private let kinds: KindVerdicts
    private let judge: SecondJudge?
    /// Nil: only what a crystal is worth in general is told.
    private let aims: AimMeasurer?
    /// What measures in place of this process; nil: its own threads.
    private let remote: RemoteExaminer?
    private let team: ThreadTeam

    /// Crystals that are handed to others at a time: of so many, few wait for the last.
    private var remoteBatch: Int { isComplete ? 2048 : RemoteExaminer.inFlight }
    /// Whether nothing is left to do with a crystal that is examined.
    private var isComplete: Bool { judge == nil && aims == nil }

    /// An examiner that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let examiner: CrystalExaminer
    }

    package init(
        engine: ScoringEngine, settings: ExaminationSettings, kinds: KindVerdicts, judge: SecondJudge? = nil,
        aims: AimMeasurer? = nil, remote: RemoteExaminer? = nil, threads: Int
    ) {
        self.engine = engine
        self.settings = settings
        self.kinds = kinds
        self.judge = judge
        self.aims = aims
        self.remote = remote
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
        log: EvaluationLog?, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws -> [EvaluatedCrystal] {
        let sampling = CrystalSampling(
            weights: weights, options: options, groups: plan.choice(weights), seed: seed, domain: .evaluation,
            threads: team.threadCount)
        var crystals: [EvaluatedCrystal] = []
        var waiting: [EvaluationSubject] = []
        let examiners = makeExaminers()
        try sampling.draw(plan.count) { samples in
            let first = crystals.count + waiting.count
            waiting += samples.enumerated().map { index, sample in
                EvaluationSubject(id: "\(prefix)\(first + index)", form: .drawn(sample))
            }
            for part in takeParts(of: &waiting) {
                crystals += try measure(part, after: crystals.count, examiners, log, progress)
            }
        }
        crystals += try measure(waiting, after: crystals.count, examiners, log, progress)
        try kinds.write(into: &crystals, team: team)
        return crystals
    }

    /// Evaluates crystals that are given some at a time; names that come again are numbered.
    ///
    /// - Parameter feed: calls its argument with each part of them.
    package func evaluate(
        log: EvaluationLog?, progress: @escaping @Sendable (Int) -> Void = { _ in },
        feed: (([EvaluationSubject]) throws -> Void) throws -> Void
    ) throws -> [EvaluatedCrystal] {
        var crystals: [EvaluatedCrystal] = []
        var names = UniqueNames()
        var waiting: [EvaluationSubject] = []
        let examiners = makeExaminers()
        try feed { subjects in
            waiting += subjects.map { EvaluationSubject(id: names.name($0.id), form: $0.form) }
            for part in takeParts(of: &waiting) {
                crystals += try measure(part, after: crystals.count, examiners, log, progress)
            }
        }
        crystals += try measure(waiting, after: crystals.count, examiners, log, progress)
        try kinds.write(into: &crystals, team: team)
        return crystals
    }

    /// Takes out what is to be measured now, in parts that are measured together.
    private func takeParts(of waiting: inout [EvaluationSubject]) -> [[EvaluationSubject]] {
        var parts: [[EvaluationSubject]] = []
        let size = remote == nil ? max(1, waiting.count) : remoteBatch
        while waiting.count >= size {
            parts.append(Array(waiting.prefix(size)))
            waiting.removeFirst(size)
        }
        return parts
    }

    private func makeExaminers() -> [Owned] {
        let engines: [any ExaminationEngine] =
            remote.map { Array(repeating: $0, count: RemoteExaminer.inFlight) }
            ?? (0..<team.threadCount).map { _ in StructureExaminer(evaluator: engine.potential.makeEvaluator()) }
        return engines.map {
            Owned(
                examiner: CrystalExaminer(
                    engine: $0, hull: engine.hull, alignment: engine.alignment, settings: settings))
        }
    }

    /// Examines crystals, of which those that the log knows are not measured again; what they still lack, a judge's
    /// verdict or the numbers of aims, they get.
    ///
    /// - Throws: what keeps others from measuring, and ``EvaluationLog/Problem``; what was measured before is in the
    ///   log.
    private func measure(
        _ subjects: [EvaluationSubject], after count: Int, _ examiners: [Owned], _ log: EvaluationLog?,
        _ progress: @escaping @Sendable (Int) -> Void
    ) throws -> [EvaluatedCrystal] {
        let logged = subjects.map { log?.crystal($0.id) }
        let known = logged.map { $0?.isPending == true ? nil : $0 }
        let open = subjects.indices.filter { known[$0] == nil }
        let (remote, isComplete) = (remote, isComplete)
        let done = Tally(count + subjects.count - open.count, progress)
        let examined = ThreadTeam(threadCount: examiners.count).map(open) { index, thread in
            if let line = logged[index] {
                done.add()
                return examiners[thread].examiner.examined(line, of: subjects[index])
            }
            var examined = examiners[thread].examiner.examine(subjects[index], number: count + index)
            guard remote?.problem == nil else { return examined }
            if !isComplete { examined.crystal.isPending = true }
            log?.note(examined.crystal)
            examined.crystal.isPending = nil
            done.add()
            return examined
        }
        if let problem = remote?.problem { throw problem }
        var new = examined.map(\.crystal)
        if let judge {
            let verdicts = try judge.judge(examined.map(\.last))
            if let problem = remote?.problem { throw problem }
            if let identity = judge.identity { try log?.note(judge: identity.words) }
            for index in new.indices { new[index].take(verdicts[index]) }
        }
        if let aims {
            let told = try aims.measure(examined, team: team)
            for (index, forms) in told.enumerated() { new[index].tell(forms) }
        }
        if !isComplete { for crystal in new { log?.note(crystal) } }
        try log?.check()
        var rest = new[...]
        return known.map { $0 ?? rest.removeFirst() }
    }

    /// Counts crystals that several threads examine.
    private final class Tally: Sendable {
        private let count: Mutex<Int>
        private let progress: @Sendable (Int) -> Void

        init(_ count: Int, _ progress: @escaping @Sendable (Int) -> Void) {
            self.count = Mutex(count)
            self.progress = progress
            progress(count)
        }

        func add() {
            count.withLock { count in
                count += 1
                progress(count)
            }
        }
    }
}

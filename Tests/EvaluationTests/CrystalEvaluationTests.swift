import Crystals
import Engines
import Evaluation
import Foundation
import Matching
import Policy
import Potentials
import Report
import Stability
import Synchronization
import Testing
import Trajectories

@Suite struct CrystalEvaluationTests {
    private static let engine = Result { try ScoringEngine(potential: "chgnet", hull: "default") }
    private static let weights = Result { try PolicyWeights.embedded() }
    private static let groups = [225, 221].compactMap { SpaceGroup(number: $0) }

    private func evaluation(
        threads: Int, _ change: (inout ExaminationSettings) -> Void = { _ in }, judge: SecondJudge? = nil
    ) throws -> CrystalEvaluation {
        var settings = ExaminationSettings()
        change(&settings)
        return CrystalEvaluation(
            engine: try Self.engine.get(), settings: settings, kinds: KindVerdicts(known: try .embedded()),
            judge: judge,
            threads: threads)
    }

    private func sampled(_ evaluation: CrystalEvaluation, log: EvaluationLog? = nil) throws -> [EvaluatedCrystal] {
        try evaluation.evaluate(
            Self.weights.get(), plan: .each(Self.groups, count: 6), options: SamplingOptions(), seed: 3, prefix: "x-",
            log: log)
    }

    private func lines(_ crystals: [EvaluatedCrystal]) throws -> [String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try crystals.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    }

    @Test func evaluate_anyThreads_andGoingOn_givesTheSame() throws {
        let alone = try lines(sampled(evaluation(threads: 1)))
        #expect(alone.count == 12)
        #expect(try lines(sampled(evaluation(threads: 3))) == alone)
        let url = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(try lines(sampled(evaluation(threads: 2), log: EvaluationLog(url, settings: "s"))) == alone)
        // The last ones are lost.
        let text = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").prefix(6).joined(separator: "\n")
        try Data((text + "\n").utf8).write(to: url)
        let log = try EvaluationLog(url, settings: "s")
        #expect(log.count == 5)
        #expect(try lines(sampled(evaluation(threads: 2), log: log)) == alone)
    }

    private final class Judge: PotentialEvaluator {
        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            structures.map { _ in .success(PotentialEvaluation(energyPerAtom: -3)) }
        }
    }

    private struct Gone: Error {}

    /// What others measured and a second judge judged is kept before all is done: here they are gone after 512.
    @Test func evaluate_byOthersAndAJudge_keepsWhatIsJudged() throws {
        let engine = try Self.engine.get()
        let asked = Mutex(0)
        let remote = RemoteExaminer(recipes: .init(energy: 0), potential: engine.potential) { _, _ in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            if count > RemoteExaminer.inFlight { throw Gone() }
            return MeasuringResult(outcome: .measured(Measurement([.energyPerAtom: -3])), seconds: 0)
        }
        let evaluation = CrystalEvaluation(
            engine: engine, settings: ExaminationSettings(), kinds: KindVerdicts(known: try .embedded()),
            judge: SecondJudge(name: "second", evaluators: [Judge()], hull: nil) { nil }, remote: remote, threads: 1)
        let salt = try Structure(
            cell: Cell(a: SIMD3(0, 2.82, 2.82), b: SIMD3(2.82, 0, 2.82), c: SIMD3(2.82, 2.82, 0)),
            elements: ["Na", "Cl"].map { try #require(Element(symbol: $0)) },
            fractionalCoordinates: [.zero, SIMD3(repeating: 0.5)])
        let url = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(throws: Gone.self) {
            try evaluation.evaluate(log: EvaluationLog(url, settings: "s")) { give in
                try give((0..<700).map { EvaluationSubject(id: "\($0)", form: .structure(salt)) })
            }
        }
        #expect(try EvaluationLog(url, settings: "s").count == 512)
    }

    @Test func evaluate_inEachGroup_samplesAsManyInEach() throws {
        let crystals = try sampled(evaluation(threads: 2))
        #expect(crystals.map(\.spaceGroup) == Array(repeating: 225, count: 6) + Array(repeating: 221, count: 6))
    }

    @Test func fourteen_areTwoOfEachCrystalSystem() {
        let systems = Dictionary(grouping: SpaceGroupPlan.fourteen, by: \.crystalSystem)
        #expect(systems.count == 7 && systems.values.allSatisfy { $0.count == 2 })
    }

    private func salt(_ cation: String, a: Double, stretched: Double = 1) throws -> Structure {
        let elements = try [cation, "Cl"].map { try #require(Element(symbol: $0)) }
        let h = a / 2
        return Structure(
            cell: Cell(a: SIMD3(0, h, h), b: SIMD3(h, 0, h), c: SIMD3(h, h, 0) * stretched), elements: elements,
            fractionalCoordinates: [SIMD3(0, 0, 0), SIMD3(0.5, 0.5, 0.5)])
    }

    /// Rock salt is known, stable, and the same however large its cell.
    @Test func evaluate_structures_findsWhatIsKnownAndWhatComesTwice() throws {
        let subjects = [
            EvaluationSubject(id: "salt", form: .structure(try salt("Na", a: 5.64))),
            EvaluationSubject(id: "again", form: .structure(try salt("Na", a: 5.7))),
            EvaluationSubject(id: "collapsed", form: .structure(try salt("Na", a: 1))),
            EvaluationSubject(id: "broken", form: .unreadable("line 3")),
            EvaluationSubject(id: "argon", form: .structure(try salt("Ar", a: 5.3))),
        ]
        let crystals = try evaluation(threads: 2).evaluate(log: nil) { take in
            try take(Array(subjects.prefix(2)))
            try take(Array(subjects.dropFirst(2)))
        }
        #expect(crystals.map(\.id) == subjects.map(\.id))
        #expect(crystals[0].asSampled?.known != nil && crystals[0].asSampled?.equals == nil)
        #expect(crystals[1].asSampled?.equals == "salt" && crystals[0].spaceGroup == 225)
        #expect(abs(try #require(crystals[0].asSampled?.energyAboveHull)) < 0.03)
        #expect(
            crystals[2].invalid != nil && crystals[2].asSampled?.energyPerAtom == nil && crystals[2].formula == "NaCl")
        #expect(crystals[3].invalid == "unreadable: line 3")
        // The hull has no argon: nothing is known of its height, and it is not invalid.
        #expect(crystals[4].invalid == nil && crystals[4].failure?.contains("Ar") == true)
        #expect(crystals[4].asSampled?.energyAboveHull == nil)
    }

    /// What is too large to be compared is not taken for the first of its kind.
    @Test func evaluate_structuresThatCannotBeCompared_areNeitherUniqueNorNovel() throws {
        let salt = try salt("Na", a: 5.64)
        let count = 8
        let cells = (0..<count * count * count).map { SIMD3($0 % count, $0 / count % count, $0 / (count * count)) }
        let large = Structure(
            cell: Cell(
                a: salt.cell.a * Double(count), b: salt.cell.b * Double(count), c: salt.cell.c * Double(count)),
            elements: cells.flatMap { _ in salt.elements },
            fractionalCoordinates: cells.flatMap { cell in
                salt.fractionalCoordinates.map { ($0 + SIMD3<Double>(cell)) / Double(count) }
            })
        let subjects = ["one", "two"].map { EvaluationSubject(id: $0, form: .structure(large)) }
        let crystals = try evaluation(threads: 2).evaluate(log: nil) { try $0(subjects) }
        #expect(crystals.allSatisfy { $0.incomparable?.contains("500") == true }, "\(crystals[0].incomparable ?? "")")
        let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true)
        #expect(figures.samples == 2 && figures.asSampled.unique.count == 0 && figures.asSampled.novel?.count == 0)
        #expect(figures.asSampled.sun?.count == 0)
    }

    /// Files in several folders may have one name.
    @Test func evaluate_namesThatComeAgain_areNumbered_andEachIsMeasured() throws {
        let sizes = [5.64, 6.3, 5.64]
        let subjects = try sizes.map { EvaluationSubject(id: "cell", form: .structure(try salt("Na", a: $0))) }
        let url = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        for _ in 0..<2 {
            let crystals = try evaluation(threads: 1).evaluate(log: EvaluationLog(url, settings: "s")) {
                try $0(subjects)
            }
            #expect(crystals.map(\.id) == ["cell", "cell-2", "cell-3"])
            let energies = crystals.map { $0.asSampled?.energyPerAtom }
            #expect(energies[0] == energies[2] && energies[0] != energies[1])
            #expect(crystals[2].asSampled?.equals == "cell")
        }
    }

    @Test func evaluate_relaxed_judgesBothForms_andADisplacementChangesNoVerdict() throws {
        let subjects = [EvaluationSubject(id: "wide", form: .structure(try salt("Na", a: 6.1, stretched: 1.04)))]
        func relaxed(rattle: Double) throws -> EvaluatedCrystal {
            let crystals = try evaluation(threads: 1) {
                $0.relaxation = RelaxationSettings()
                $0.rattle = rattle
            }.evaluate(log: nil) { try $0(subjects) }
            return try #require(crystals.first)
        }
        for rattle in [0, 0.03] {
            let crystal = try relaxed(rattle: rattle)
            let (before, after) = (try #require(crystal.asSampled), try #require(crystal.relaxed))
            #expect(after.stopped == "converged" && after.steps > 2)
            #expect(try #require(after.state.energyAboveHull) < (try #require(before.energyAboveHull)) - 0.01)
            #expect(after.state.known != nil)
            if rattle > 0 { #expect(after.spaceGroup == 225) }
        }
    }

    @Test func secondJudge_ofAnotherFunctional_isAskedAboutEachCrystal() throws {
        let potential = try PotentialSource.load("chgnet-r2scan")
        let judge = SecondJudge(
            name: "r2scan", evaluators: [potential.makeEvaluator(), potential.makeEvaluator()], hull: nil
        ) { nil }
        let crystals = try sampled(evaluation(threads: 2, judge: judge))
        let measured = crystals.filter { $0.asSampled?.energyPerAtom != nil }
        #expect(!measured.isEmpty && measured.allSatisfy { $0.judged != nil && $0.judged?.energyAboveHull == nil })
        #expect(crystals.filter { $0.invalid != nil }.allSatisfy { $0.judged == nil })
    }

    /// Judges one energy of all, but for structures of more atoms than it takes.
    private final class PickyJudge: PotentialEvaluator {
        let most: Int

        init(most: Int) { self.most = most }

        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            structures.map { structure in
                structure.atomCount > most
                    ? .failure(.engine(.crashed)) : .success(PotentialEvaluation(energyPerAtom: -3))
            }
        }
    }

    private func salt() throws -> Structure {
        try Structure(
            cell: Cell(a: SIMD3(0, 2.82, 2.82), b: SIMD3(2.82, 0, 2.82), c: SIMD3(2.82, 2.82, 0)),
            elements: ["Na", "Cl"].map { try #require(Element(symbol: $0)) },
            fractionalCoordinates: [.zero, SIMD3(repeating: 0.5)])
    }

    private func judged(_ judge: SecondJudge, log: EvaluationLog? = nil) throws -> [EvaluatedCrystal] {
        try evaluation(threads: 1, judge: judge).evaluate(log: log) { give in
            let iron = Structure(
                cell: Cell(a: SIMD3(-1.4, 1.4, 1.4), b: SIMD3(1.4, -1.4, 1.4), c: SIMD3(1.4, 1.4, -1.4)),
                elements: [try #require(Element(symbol: "Fe"))], fractionalCoordinates: [.zero])
            try give([("salt", try salt()), ("iron", iron)].map { EvaluationSubject(id: $0, form: .structure($1)) })
        }
    }

    /// Plain energies get the corrections that the hull's carry; those of another functional have no place on it.
    @Test func secondJudge_ofAConvention_isHeldAgainstTheHullByIt() throws {
        let hull = try Self.engine.get().hull
        func height(_ convention: EnergyConvention) throws -> Double {
            let judge = SecondJudge(name: "mine", evaluators: [PickyJudge(most: 9)], hull: hull) {
                .init(words: "mine", convention: convention)
            }
            return try #require(try judged(judge).first?.judged?.energyAboveHull)
        }
        let correction = try #require(EnergyAlignment.mp2020.correctionPerAtom(of: salt()))
        #expect(abs(correction) > 0.1)
        #expect(abs(try height(.rawPBE) - height(.mp2020Corrected) - correction) < 1e-12)
        #expect(throws: SecondJudge.Problem.self) { try height(.ownHullOnly) }
        let silent = SecondJudge(name: "mine", evaluators: [PickyJudge(most: 9)], hull: hull) { nil }
        #expect(throws: SecondJudge.Problem.self) { try judged(silent) }
    }

    @Test func secondJudge_thatFailsAtSome_isToldWithTheReason() throws {
        let judge = SecondJudge(name: "mine", evaluators: [PickyJudge(most: 1)], hull: nil) { nil }
        let crystals = try judged(judge)
        #expect(crystals.map { $0.judged != nil } == [false, true])
        #expect(crystals[0].judgeFailure?.isEmpty == false && crystals[1].judgeFailure == nil)
        let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true, judge: "mine")
        #expect(figures.secondOpinion?.measured == .init(1, of: 2))
    }

    /// What the first potential has measured is kept while the judge is waited for, and is not measured again.
    @Test func evaluation_whoseJudgeFailed_goesOnWithTheJudgeAlone() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        func judge(_ most: Int) -> SecondJudge {
            SecondJudge(name: "mine", evaluators: [PickyJudge(most: most)], hull: nil) {
                .init(words: "mine 1", convention: .rawPBE)
            }
        }
        #expect(throws: SecondJudge.Problem.self) { try judged(judge(0), log: EvaluationLog(url, settings: "s")) }
        let kept = try String(contentsOf: url, encoding: .utf8)
        #expect(kept.split(separator: "\n").count { $0.contains("\"pending\":true") } == 2)
        // Another energy than any potential gives tells whether it is taken from the log.
        let marked = kept.replacing(/"energy_per_atom":-?[0-9.]+/, with: "\"energy_per_atom\":-77.5")
        try Data(marked.utf8).write(to: url)
        let crystals = try judged(judge(9), log: EvaluationLog(url, settings: "s"))
        #expect(crystals.allSatisfy { $0.asSampled?.energyPerAtom == -77.5 && $0.judged?.energyPerAtom == -3 })
        let log = try EvaluationLog(url, settings: "s")
        #expect(log.count == 2 && log.damagedLines == 0)
        #expect(throws: EvaluationLog.Problem.self) { try log.note(judge: "mine 2") }
    }
}

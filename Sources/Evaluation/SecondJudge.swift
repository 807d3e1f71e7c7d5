internal import Base
package import Crystals
internal import Engines
package import Potentials
package import Stability

/// Another potential that is asked about the same crystals: training and judging by one potential flatters a policy.
package final class SecondJudge {
    package let name: String
    private let evaluators: [Owned]
    private let hull: HullReference?
    private let batch: Int
    private let identify: () -> Identity?

    /// What decides its energies, as it says itself.
    package struct Identity: Sendable, Hashable {
        /// Name, version, digest and convention, as far as it gives them: what a log keeps.
        package let words: String
        package let convention: EnergyConvention

        package init(words: String, convention: EnergyConvention) {
            self.words = words
            self.convention = convention
        }
    }

    /// What it says of a structure.
    enum Verdict: Sendable {
        case judged(EvaluatedCrystal.Judgement)
        /// Why it has nothing to say.
        case failed(String)
    }

    /// An evaluator that one thread of a team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any PotentialEvaluator
    }

    /// - Parameters:
    ///   - evaluators: one for each thread of the team that it is asked with; one alone where the engine shares out
    ///     work itself.
    ///   - batch: the structures that an evaluator is given at a time.
    ///   - hull: of the judge's own energies; nil: it has none.
    ///   - identify: who it is; asked when it has judged, for an engine is not known before; nil: it does not say.
    package init(
        name: String, evaluators: [any PotentialEvaluator], batch: Int = 8, hull: HullReference?,
        identify: @escaping () -> Identity?
    ) {
        self.name = name
        self.evaluators = evaluators.map { Owned(evaluator: $0) }
        self.batch = batch
        self.hull = hull
        self.identify = identify
    }

    /// Who judges; nil as long as that is not known.
    var identity: Identity? { identify() }

    /// A judge that cannot judge at all.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// What it says of structures, in their order; nil where there is none.
    ///
    /// - Throws: ``Problem`` if its engine fails at all of them, or its energies have no place on the hull.
    func judge(_ structures: [Structure?]) throws(Problem) -> [Verdict?] {
        let present = structures.indices.filter { structures[$0] != nil }
        let pieces = stride(from: 0, to: present.count, by: batch).map {
            present[$0..<min($0 + batch, present.count)].compactMap { index in structures[index].map { (index, $0) } }
        }
        let evaluators = evaluators
        let answers = ThreadTeam(threadCount: evaluators.count).map(pieces) { piece, thread in
            zip(piece, evaluators[thread].evaluator.evaluate(piece.map(\.1), .energy)).map { item, answer in
                (index: item.0, structure: item.1, answer: answer)
            }
        }.flatMap { $0 }
        let problems = answers.map { Self.engineProblem($0.answer) }
        if let problem = problems.first ?? nil, !problems.contains(where: { $0 == nil }) {
            throw Problem(description: "the second judge \(name) judges no crystal: \(problem)")
        }
        var verdicts = [Verdict?](repeating: nil, count: structures.count)
        guard !answers.isEmpty else { return verdicts }
        let alignment = try alignment()
        for (index, structure, answer) in answers {
            verdicts[index] = Self.verdict(structure, answer, hull, alignment)
        }
        return verdicts
    }

    /// How its energies are brought onto its hull.
    private func alignment() throws(Problem) -> EnergyAlignment {
        guard let hull else { return .asTheyAre }
        guard let identity else {
            throw Problem(
                description: "the second judge \(name) does not say what its energies are, so they have no place on "
                    + hull.label)
        }
        do throws(ModelError) { try HullSource.check(hull, isFor: name, identity.convention) } catch {
            throw Problem(description: "the second judge: \(error)")
        }
        return EnergyAlignment(of: identity.convention, on: hull)
    }

    private static func engineProblem(_ answer: Result<PotentialEvaluation, PotentialError>) -> PotentialError? {
        if case .failure(let error) = answer, case .engine = error { error } else { nil }
    }

    private static func verdict(
        _ structure: Structure, _ answer: Result<PotentialEvaluation, PotentialError>, _ hull: HullReference?,
        _ alignment: EnergyAlignment
    ) -> Verdict {
        let energy: Double
        do throws(PotentialError) { energy = try answer.get().energyPerAtom } catch { return .failed("\(error)") }
        guard energy.isFinite else { return .failed("its energy is not finite") }
        let aligned = energy + (alignment.correctionPerAtom(of: structure) ?? 0)
        let height = try? hull?.energyAboveHull(of: structure.composition, energyPerAtom: aligned)
        return .judged(EvaluatedCrystal.Judgement(energyPerAtom: energy, energyAboveHull: height))
    }
}

extension EvaluatedCrystal {
    /// Notes what the second judge says of it.
    mutating func take(_ verdict: SecondJudge.Verdict?) {
        switch verdict {
        case .judged(let judgement): judged = judgement
        case .failed(let reason): judgeFailure = reason
        case nil: break
        }
    }
}

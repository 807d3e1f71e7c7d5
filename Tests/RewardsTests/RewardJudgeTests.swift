import Crystals
import Foundation
import Rewards
import Testing
import Trajectories

/// Terms, combinations and guards with known answers.
@Suite struct RewardJudgeTests {
    private typealias Item = (crystal: Crystal, outcome: Outcome)

    private func configuration(
        _ change: (inout RewardConfiguration) throws -> Void = { _ in }
    ) rethrows -> RewardConfiguration {
        var configuration = RewardConfiguration()
        try change(&configuration)
        return configuration
    }

    private func term(_ source: String, _ more: String = "") throws -> RewardTerm {
        let text = "{\"source\": \"\(source)\"\(more.isEmpty ? "" : ", " + more)}"
        return try JSONDecoder().decode(RewardTerm.self, from: Data(text.utf8))
    }

    private func measured(_ values: [String: Double]) -> Outcome {
        var numbers: [Trajectories.Measurement.Quantity: Double] = [:]
        for (name, value) in values { numbers[Trajectories.Measurement.Quantity(rawValue: name)] = value }
        return .measured(Trajectories.Measurement(numbers))
    }

    private func height(_ value: Double, _ more: [String: Double] = [:]) -> Outcome {
        measured(more.merging(["e_above_hull": value]) { $1 })
    }

    private func judge(_ configuration: RewardConfiguration, _ items: [Item]) throws -> Judgement {
        var judge = try RewardJudge(configuration)
        return try judge.judge(items)
    }

    private func rewards(_ configuration: RewardConfiguration, _ items: [Item]) throws -> [Double?] {
        try judge(configuration, items).verdicts.map(\.reward)
    }

    /// Different formulas, so that no guard against repeats meets them.
    private func crystals(_ count: Int) -> [Crystal] {
        let pairs = ["Li", "Na", "K", "Rb", "Cs"].flatMap { metal in ["F", "Cl", "Br", "I"].map { (metal, $0) } }
        return (0..<count).map { .rockSalt(pairs[$0 % pairs.count].0, pairs[$0 % pairs.count].1) }
    }

    // MARK: Combinations

    @Test func sum_isOfWeightedValues() throws {
        let configuration = try self.configuration { reward in
            reward.terms = [
                try term("e_above_hull"), try term("band_gap", "\"weight\": 0.5, \"bounds\": [0, 4]"),
            ]
        }
        let batch: [Item] = [
            (.rockSalt(), height(0.2, ["band_gap": 3])), (.rockSalt("K"), height(0, ["band_gap": 9])),
        ]
        let judgement = try judge(configuration, batch)
        #expect(judgement.verdicts.map(\.reward) == [-0.2 + 1.5, 2])
        #expect(judgement.verdicts[0].terms == ["e_above_hull": -0.2, "band_gap": 3])
        #expect(judgement.tally.termMeans["band_gap"] == 3.5)
        // What the terms can give at the least.
        #expect(configuration.floor == -10)
    }

    @Test func product_takesWeightsAsExponents_andMinimumTheLeast() throws {
        var configuration = try self.configuration { reward in
            reward.terms = [
                try term("e_above_hull", "\"shape\": \"exponential\""),
                try term("band_gap", "\"bounds\": [0, 10], \"weight\": 2"),
            ]
            reward.combine = .product
        }
        let batch: [Item] = [(.rockSalt(), height(0, ["band_gap": 3]))]
        #expect(try rewards(configuration, batch) == [9])
        #expect(configuration.floor == 0)
        configuration.combine = .minimum
        #expect(try rewards(configuration, batch) == [1])
    }

    @Test func figureOfMerit_isAProductOfQuantities() throws {
        let configuration = try self.configuration { reward in
            reward.terms = [try term("product", "\"of\": [\"band_gap\", \"dielectric_total\"], \"bounds\": [0, 100]")]
        }
        let batch: [Item] = [
            (.rockSalt(), measured(["band_gap": 5, "dielectric_total": 3])),
            (.rockSalt("K"), measured(["band_gap": 5])),
        ]
        #expect(try rewards(configuration, batch) == [15, nil])
    }

    @Test func pareto_isInverseRankAndShareOfTheLargestContribution() throws {
        let configuration = try self.configuration { reward in
            reward.terms = [
                try term("band_gap", "\"bounds\": [0, 10]"), try term("dielectric_total", "\"bounds\": [0, 10]"),
            ]
            reward.combine = .pareto
            reward.guards = .none
        }
        func item(_ gap: Double, _ constant: Double) -> Outcome {
            measured(["band_gap": gap, "dielectric_total": constant])
        }
        let kinds = crystals(3)
        var judge = try RewardJudge(configuration)
        // Areas above (0, 0): 3, 4 and 1; the third is dominated by the first two.
        let three: [Item] = [(kinds[0], item(1, 3)), (kinds[1], item(2, 2)), (kinds[2], item(1, 1))]
        let first = try judge.judge(three)
        #expect(first.verdicts.map(\.reward) == [1 + 3.0 / 4, 2, 0.5 + 1.0 / 4])
        #expect(first.hypervolume == 5)
        #expect(judge.state.front?.points == [[1, 3], [2, 2]])
        // The front of the run counts: what it dominates has rank 2 and adds nothing.
        let two: [Item] = [(kinds[0], item(1, 2)), (kinds[1], item(3, 1))]
        let second = try judge.judge(two)
        #expect(second.verdicts.map(\.reward) == [0.5, 2])
        #expect(second.hypervolume == 6)
    }

    /// Four aims and a front at its capacity: still one step's work.
    @Test func aFrontAtItsCapacity_staysThere() throws {
        var front = ParetoFront(reference: [0, 0, 0])
        for step in 0..<230 {
            let angle = Double(step) / 230
            front.add([angle, 1 - angle, 0.5 + 0.5 * (angle - angle * angle)])
        }
        #expect(front.points.count == 200)
        var four = ParetoFront(reference: [0, 0, 0, 0])
        four.add([1, 2, 3, 4])
        four.add([4, 3, 2, 1])
        // 24 + 24 less the shared 1 x 2 x 2 x 1.
        #expect(four.hypervolume == 44)
    }

    @Test func hypervolume_ofThreeAims_isTheVolumeOfTheUnion() {
        var front = ParetoFront(reference: [0, 0, 0])
        #expect(front.hypervolume == 0)
        front.add([1, 2, 3])
        front.add([3, 2, 1])
        // 6 + 6 less the shared 1 x 2 x 1.
        #expect(front.hypervolume == 10)
        front.add([1, 1, 1])
        #expect(front.points.count == 2)
        front.add([3, 3, 3])
        #expect(front.points == [[3, 3, 3]])
        #expect(front.hypervolume == 27)
    }

    // MARK: What a missing number means

    @Test func aTermWithoutNumber_isFloorOrLeftOutOrAbstains() throws {
        let batch: [Item] = [(.rockSalt(), height(0)), (.rockSalt("K"), height(0, ["band_gap": 2]))]
        let cases: [(String, Double?)] = [("floor", -1), ("skip", 0), ("exclude", nil)]
        for (failure, expected) in cases {
            let configuration = try self.configuration { reward in
                reward.terms = [
                    try term("e_above_hull"),
                    try term("band_gap", "\"bounds\": [-1, 9], \"on_failure\": \"\(failure)\""),
                ]
            }
            let judgement = try judge(configuration, batch)
            #expect(judgement.verdicts.map(\.reward) == [expected, 2], "\(failure)")
            #expect(judgement.verdicts[0].reason == (expected == nil ? "no_band_gap" : nil))
        }
    }

    /// What has no number at all is no find: an empty product would be 1.
    @Test(arguments: [RewardCombination.sum, .product, .minimum, .pareto])
    func aCrystalWithoutAnyNumber_abstains(combine: RewardCombination) throws {
        let configuration = try self.configuration { reward in
            reward.terms = try ["band_gap", "dielectric_total"].map {
                try term($0, "\"bounds\": [0, 5], \"on_failure\": \"skip\"")
            }
            reward.combine = combine
        }
        let kinds = crystals(3)
        let batch: [Item] = [
            (kinds[0], measured([:])), (kinds[1], measured(["band_gap": 1, "dielectric_total": 0.5])),
            (kinds[2], measured(["band_gap": 0.5, "dielectric_total": 0.5])),
        ]
        let verdicts = try judge(configuration, batch).verdicts
        #expect(verdicts[0] == Verdict(reward: nil, reason: "no_term"))
        #expect(verdicts[1].reward ?? 0 > verdicts[2].reward ?? 9 || combine == .minimum)
    }

    @Test func aTermThatNobodyMeasures_isNamedInOneLine() throws {
        let configuration = try self.configuration { reward in reward.terms = [try term("band_gap")] }
        let error = #expect(throws: JudgingError.self) { try judge(configuration, [(.rockSalt(), height(0))]) }
        let text = try #require(error).description
        #expect(text.contains("band_gap was measured on none of 1 crystals; measured are e_above_hull"))
        #expect(!text.contains("\n"))
        // Where it does not end the run, it is told all the same.
        var lenient = configuration
        lenient.terms = [try term("e_above_hull"), try term("band_gap", "\"on_failure\": \"skip\"")]
        let judgement = try judge(lenient, [(.rockSalt(), height(0))])
        #expect(judgement.verdicts[0].reward == 0)
        #expect(judgement.notes.count == 1 && judgement.notes[0].contains("band_gap was measured on none"))
        // A batch without measured crystals says nothing about a term.
        #expect(try rewards(configuration, [(.rockSalt(), .invalid(.noAtoms))]) == [-10])
    }

    @Test func notANumber_isNoVerdict_andInfinityTheBound() throws {
        let configuration = try self.configuration { reward in
            reward.terms = [try term("band_gap", "\"bounds\": [0, 5]")]
        }
        let kinds = crystals(3)
        let batch: [Item] = [
            (kinds[0], measured(["band_gap": .nan])), (kinds[1], measured(["band_gap": .infinity])),
            (kinds[2], measured(["band_gap": 1])),
        ]
        let judgement = try judge(configuration, batch)
        #expect(judgement.verdicts.map(\.reward) == [nil, 5, 1])
        #expect(judgement.tally.abstained == ["no_band_gap": 1])
        #expect(judgement.notes.count == 1)
    }

    @Test func failures_areInNothing_whateverTheirShare() throws {
        let kinds = crystals(20)
        let whole: [Item] = kinds.map { ($0, height(0.1)) }
        var broken = whole
        for index in stride(from: 0, to: 20, by: 5) { broken[index].outcome = .failed(.engineCrashed) }
        let judgement = try judge(RewardConfiguration(), broken)
        #expect(judgement.tally.abstained == ["engine_crashed": 4])
        let left = judgement.verdicts.compactMap(\.reward)
        #expect(left == Array(try rewards(RewardConfiguration(), whole).compactMap { $0 }.prefix(16)))
    }

    // MARK: Normalisation

    @Test func normalized_overBatchAndSpaceGroup() throws {
        let line = Crystal.cubic(221, [(1, "Cs", .zero), (2, "Cl", SIMD3(repeating: 0.5))], a: 4.1)
        let batch: [Item] = [
            (.rockSalt(), height(1)), (.rockSalt("K"), height(3)), (line, height(7)),
            (.rockSalt("Li"), .failed(.engineCrashed)),
        ]
        var whole = try self.configuration { $0.terms = [try term("e_above_hull")] }
        whole.normalize = .batch
        let deviation = (56.0 / 9).squareRoot()
        let expectations = [8 / 3, 2 / 3, -10 / 3].map { $0 / deviation }
        for (reward, expected) in zip(try rewards(whole, batch), expectations) {
            #expect(abs((reward ?? 9) - expected) < 1e-12)
        }
        whole.normalize = .spaceGroup
        #expect(try rewards(whole, batch) == [1, -1, 0, nil])
        // Nothing varies: nothing is better than anything.
        whole.normalize = .batch
        #expect(try rewards(whole, [(.rockSalt(), height(1)), (.rockSalt("K"), height(1))]) == [0, 0])
    }

    @Test func normalized_running_takesInBatchAfterBatch() throws {
        var configuration = try self.configuration { $0.terms = [try term("e_above_hull", "\"want\": \"high\"")] }
        configuration.normalize = .running
        var judge = try RewardJudge(configuration)
        let first = try judge.judge([(.rockSalt(), height(1)), (.rockSalt("K"), height(3))])
        #expect(first.verdicts.map(\.reward) == [-1, 1])
        // Mean 2 -> 2.1, variance 0.95 (1 + 0.05 · 4) + 0.05 · 1.
        let second = try judge.judge([(.rockSalt(), height(3)), (.rockSalt("K"), height(5))])
        let deviation = (0.95 * (1 + 0.05 * 4) + 0.05).squareRoot()
        #expect(abs((second.verdicts[0].reward ?? 9) - 0.9 / deviation) < 1e-12)
    }

    /// A negative weight turns a term round: what is worst for the reward is its upper bound then.
    @Test func aNegativeWeight_hasItsFloorAtTheUpperBound() throws {
        let term = try term("band_gap", "\"bounds\": [1, 10], \"weight\": -1, \"on_failure\": \"floor\"")
        let batch: [Item] = [
            (.rockSalt(), measured(["x": 1])), (.rockSalt("K"), measured(["band_gap": 2])),
            (.rockSalt(), .invalid(.noAtoms)),
        ]
        for (combine, expected) in [(RewardCombination.sum, [-10.0, -2, -10]), (.product, [0.1, 0.5, 0.1])] {
            let configuration = self.configuration { ($0.terms, $0.combine) = ([term], combine) }
            #expect(try rewards(configuration, batch) == expected)
        }
    }

    /// What was measured once can be missing in a batch: that is no mistake of the configuration.
    @Test func aQuantityThatWasMeasuredBefore_mayBeMissingInABatch() throws {
        var judge = try RewardJudge(try self.configuration { $0.terms = [try term("band_gap")] })
        #expect(try judge.judge([(.rockSalt(), measured(["band_gap": 1]))]).verdicts.map(\.reward) == [1])
        let next = try judge.judge([(.rockSalt("K"), height(0))])
        #expect(next.verdicts == [Verdict(reward: nil, reason: "no_band_gap")])
        // One that a guard stopped counts as well.
        var guarded = try RewardJudge(try self.configuration { $0.terms = [try term("band_gap")] })
        #expect(
            try guarded.judge([(.element("Mg"), measured(["band_gap": 0])), (.rockSalt(), height(0))])
                .verdicts[1].reason == "no_band_gap")
    }

    /// A crystal that a guard stops was made all the same.
    @Test func occurrences_countWhatGuardsStop() throws {
        var configuration = try self.configuration { $0.terms = [try term("occurrences", "\"want\": \"high\"")] }
        configuration.guards.abstentionLimit = 1
        let batch: [Item] = [(.rockSalt(), height(0, ["hull_entries": 1])), (.rockSalt(), height(0))]
        #expect(try rewards(configuration, batch) == [nil, 2])
    }

    @Test func aTermOfItsOwn_isNormalizedBeforeTheSum() throws {
        let configuration = try self.configuration { reward in
            reward.terms = [
                try term("e_above_hull"), try term("band_gap", "\"normalize\": \"batch\", \"weight\": 0.5"),
            ]
        }
        let batch: [Item] = [
            (.rockSalt(), height(0.5, ["band_gap": 1])), (.rockSalt("K"), height(0.5, ["band_gap": 5])),
        ]
        #expect(try rewards(configuration, batch) == [-1, 0])
    }

    // MARK: Guards: each exploit earns without the guard, and not with it

    private func exploit(
        _ crystal: Crystal, _ outcome: Outcome, without change: (inout RewardGuards) -> Void
    ) throws -> (without: Verdict, with: Verdict) {
        // Honest company, so that the share of abstentions stays low.
        let others: [Item] = crystals(8).dropFirst(2).map { ($0, height(0.05)) }
        var open = RewardConfiguration()
        change(&open.guards)
        return (
            try judge(open, [(crystal, outcome)] + others).verdicts[0],
            try judge(RewardConfiguration(), [(crystal, outcome)] + others).verdicts[0]
        )
    }

    @Test func depthBelowTheHull_earnsNothingMore() throws {
        let (without, with) = try exploit(.rockSalt(), height(-0.08)) { $0.capAtHull = false }
        #expect(without.reward ?? 0 > 1.7)
        #expect(with.reward == 1)
    }

    @Test func farBelowTheHull_isAnErrorOfPotentialOrHull() throws {
        let (without, with) = try exploit(.rockSalt(), height(-0.3)) { $0.belowHull = .allow }
        #expect(without.reward == 1)
        #expect(with == Verdict(reward: 0, reason: "below_hull"))
    }

    @Test func singleElements_areNoFind() throws {
        let (without, with) = try exploit(.element("Mg"), height(0)) { $0.singleElements = .allow }
        #expect(without.reward == 1)
        #expect(with == Verdict(reward: 0, reason: "single_element"))
    }

    @Test func aSparseHull_givesNoVerdict() throws {
        let (without, with) = try exploit(.rockSalt(), height(0, ["hull_entries": 3])) { $0.sparseHull = .allow }
        #expect(without.reward == 1)
        #expect(with == Verdict(reward: nil, reason: "sparse_hull"))
    }

    @Test func anUnconvergedRelaxation_givesNoVerdict_whereItWasToConverge() throws {
        let outcome = height(0, ["relaxation_converged": 0])
        var configuration = RewardConfiguration()
        configuration.guards.abstentionLimit = 1
        #expect(try rewards(configuration, [(.rockSalt(), outcome)]) == [1])
        configuration.relax.until = .converged
        #expect(try rewards(configuration, [(.rockSalt(), outcome)]) == [nil])
        configuration.guards.unconverged = .allow
        #expect(try rewards(configuration, [(.rockSalt(), outcome)]) == [1])
    }

    @Test func oneFormulaAgainAndAgain_earnsLessAndLess() throws {
        func batch(_ count: Int) -> [Item] {
            (0..<count).map { (Crystal.rockSalt(a: 5 + 0.1 * Double($0)), height(0)) }
        }
        let guarded = RewardConfiguration()
        #expect(try rewards(guarded, batch(3)) == [1, 1, 1])
        #expect(try rewards(guarded, batch(5)) == [Double](repeating: 1.0 / 3, count: 5))
        #expect(try rewards(guarded, batch(8)) == [Double](repeating: 0, count: 8))
        var open = guarded
        open.guards.batchRepeats = []
        #expect(try rewards(open, batch(8)) == [Double](repeating: 1, count: 8))
        open.guards.runRepeats = [2, 4]
        var judge = try RewardJudge(open)
        #expect(try judge.judge(batch(2)).verdicts.map(\.reward) == [1, 1])
        #expect(try judge.judge(batch(3)).verdicts.map(\.reward) == [0.5, 0, 0])
    }

    @Test func spread_creditsWhatIsUnlikeTheRest() throws {
        var configuration = RewardConfiguration()
        configuration.guards.spread = 0.1
        let batch: [Item] = [
            (.rockSalt("Na", "Cl"), height(0)), (.rockSalt("Na", "Br"), height(0)), (.rockSalt("Mg", "O"), height(0)),
        ]
        let judged = try rewards(configuration, batch).compactMap { $0 }
        // Overlaps: Na-Na 1/4 between the first two, half of it in the mean over two others.
        for (reward, expected) in zip(judged, [-0.125 + 1.0 / 12, -0.125 + 1.0 / 12, 1.0 / 12]) {
            #expect(abs(reward - 1 - 0.1 * expected) < 1e-12)
        }
    }

    @Test func abstaining_isNoWayOut() throws {
        let kinds = crystals(8)
        func batch(sparse: Int) -> [Item] {
            kinds.enumerated().map { ($1, height(0, ["hull_entries": $0 < sparse ? 2 : 50])) }
        }
        let few = try judge(RewardConfiguration(), batch(sparse: 3))
        #expect(few.tally.abstained == ["sparse_hull": 3])
        let many = try judge(RewardConfiguration(), batch(sparse: 4))
        #expect(many.tally.abstained.isEmpty)
        #expect(many.tally.floored == ["sparse_hull": 4])
        #expect(many.notes.count == 1)
        #expect(many.verdicts.prefix(4).map(\.reward) == [0, 0, 0, 0])
    }

    @Test func aBatchThatAllAbstains_hasNoReward() throws {
        var configuration = RewardConfiguration()
        configuration.guards.abstentionLimit = 1
        let judgement = try judge(
            configuration, crystals(4).map { ($0, height(0, ["hull_entries": 1])) })
        #expect(judgement.verdicts.allSatisfy { $0.reward == nil && $0.reason == "sparse_hull" })
    }

    @Test func guardsNone_isTheBuildBefore() throws {
        var configuration = RewardConfiguration()
        configuration.guards = .none
        let batch: [Item] = [
            (.element("Mg"), height(-0.3)), (.rockSalt(), height(0, ["hull_entries": 1])),
            (.rockSalt(), .invalid(.atomsOverlap)), (.rockSalt(), .failed(.engineTimedOut)),
        ]
        #expect(try rewards(configuration, batch) == [2, 1, 0, nil])
    }

    // MARK: State

    /// What a judge remembers decides, and can be kept: a restart changes nothing.
    @Test func state_keptAndRead_goesOnAlike() throws {
        var configuration = try self.configuration { reward in
            reward.terms = [
                try term("band_gap", "\"bounds\": [0, 10]"), try term("occurrences", "\"bounds\": [-10, 0]"),
            ]
            reward.combine = .pareto
        }
        configuration.guards.runRepeats = [2, 9]
        configuration.normalize = .running
        let batches: [[Item]] = (0..<4).map { batch in
            crystals(6).enumerated().map { ($1, measured(["band_gap": Double(($0 * 7 + batch * 3) % 5)])) }
        }
        var whole = try RewardJudge(configuration)
        let expected = try batches.map { try whole.judge($0).verdicts }
        var first = try RewardJudge(configuration)
        for batch in batches.prefix(2) { _ = try first.judge(batch) }
        let state = try JSONDecoder().decode(RewardJudge.State.self, from: JSONEncoder().encode(first.state))
        #expect(state == first.state)
        var second = try RewardJudge(configuration, state: state)
        #expect(try batches.suffix(2).map { try second.judge($0).verdicts } == expected.suffix(2))
    }
}

import Base
import Crystals
import Foundation
import Potentials
import Testing

@Suite struct PropertyHeadTests {
    /// Made-up crystals whose value is a product of two powers of their features; two of each formula.
    static func examples(_ count: Int = 48) -> [HeadExample] {
        var random = Philox(seed: 11, domain: .testing)
        return (0..<count).compactMap { index in
            guard let element = Element(atomicNumber: 1 + index / 2), let other = Element(atomicNumber: 60) else {
                return nil
            }
            let (first, second) = (random.normal(), random.normal())
            var features = [Double](repeating: 1, count: CrystalFeatures.count)
            for k in features.indices {
                features[k] = (k % 2 == 0 ? first : second) * (1 + 0.1 * Double(k % 7)) + 0.05 * random.normal()
            }
            let noise = 0.1 * random.normal()
            return HeadExample(
                id: "made-up-\(index)", composition: Composition([element: 1, other: 1]), features: features,
                values: [exp(1 + first - 0.5 * second + noise), 2 + 0.1 * second])
        }
    }

    private static func fitting(
        _ targets: [String] = ["strength"], kinds: Set<HeadKind> = [.ridge, .kernel], logarithms: Bool? = nil
    ) -> HeadFitting {
        HeadFitting(
            name: "strength", unit: "N", targets: targets, learnsLogarithms: logarithms, kinds: kinds, seed: 5,
            data: ("made-up.csv", "00"))
    }

    private static func single(_ examples: [HeadExample]) -> [HeadExample] {
        examples.map { example in
            var example = example
            example.values = [example.values[0]]
            return example
        }
    }

    @Test func folds_haveNoFormulaInCommon_andAreOfOneSize() {
        let formulas = (0..<400).map { "formula-\($0 % 130)" }
        let folds = FormulaFolds.folds(of: formulas, count: 10, seed: 1)
        var places: [String: Set<Int>] = [:]
        for (formula, fold) in zip(formulas, folds) { places[formula, default: []].insert(fold) }
        #expect(places.values.allSatisfy { $0.count == 1 })
        for fold in 0..<10 { #expect(places.values.count { $0 == [fold] } == 13) }
        #expect(folds == FormulaFolds.folds(of: formulas, count: 10, seed: 1))
        #expect(folds != FormulaFolds.folds(of: formulas, count: 10, seed: 2))
    }

    /// Of a fold with nearly all rows no more are taken than the others leave.
    @Test func sample_ofFoldsOfUnlikeSizes_hasSomeOfEach() {
        let folds = (0..<2_000).map { $0 % 100 == 7 ? 1 + $0 / 100 % 4 : 0 }
        let sample = FormulaFolds.sample(of: folds, count: 1_000, seed: 1)
        #expect(sample.count == 1_000 && Set(sample).count == 1_000 && sample == sample.sorted())
        #expect(sample.count { folds[$0] != 0 } == 20)
        let few = FormulaFolds.sample(of: folds, count: 10, seed: 1).map { folds[$0] }
        #expect(few.sorted() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
        #expect(sample != FormulaFolds.sample(of: folds, count: 1_000, seed: 2))
    }

    /// The values hang on the features alone, of which the composition knows nothing.
    @Test func fit_learnsWhatFeaturesTell_andIsCalibratedOnHeldOutCrystals() throws {
        let fitted = try Self.fitting().fit(Self.single(Self.examples()), of: PhysicsFixtures.model.get())
        let record = fitted.head.record
        #expect(record.isLogarithmic)
        #expect(record.formulas == 24 && record.crystals == 48 && record.folds == 10)
        let error = try #require(record.errors.logarithmicMeanAbsoluteError)
        // The noise alone has 0.08.
        #expect(error < 0.15)
        #expect(try #require(record.compositionErrors.logarithmicMeanAbsoluteError) > 4 * error)
        #expect(record.errors.rankCorrelation > 0.95)
        let scores = fitted.heldOut.map { point in
            log(point.known / point.predicted) / (point.sigma / point.predicted)
        }
        let square = scores.map { $0 * $0 }.reduce(0, +) / Double(scores.count)
        #expect(abs(square - 1) < 1e-9)
        #expect(fitted.heldOut.count { !$0.isInDomain } == 1)
    }

    /// Errors that are spread alike, and twice as large where the distance is.
    @Test func uncertainty_ofErrorsThatGrowWithDistance_growsAlike() {
        var random = Philox(seed: 4, domain: .testing)
        let distances = (0..<4_000).map { _ in 1 + 3 * random.uniform() }
        let residuals = distances.map { random.normal() * (0.01 + 0.04 * $0).squareRoot() }
        let found = HeadRecord.Uncertainty(
            residuals: residuals, distances: distances, variances: [Double](repeating: 0, count: 4_000))
        for distance in [1.0, 2, 4] {
            let expected = (0.01 + 0.04 * distance).squareRoot()
            #expect(abs(found.standardError(distance: distance, variance: 0) / expected - 1) < 0.1)
        }
        #expect(abs(found.withinOne - 0.683) < 0.02 && abs(found.withinTwo - 0.954) < 0.01)
        #expect(abs(found.largestDistance - 3.97) < 0.02)
    }

    /// A calibration is that of the numbers, not of their unit.
    @Test(arguments: [1e-20, 1e-9, 1e9]) func uncertainty_inAnotherUnit_isTheSameInThatUnit(_ unit: Double) {
        var random = Philox(seed: 9, domain: .testing)
        let distances = (0..<500).map { _ in 1 + 3 * random.uniform() }
        let variances = (0..<500).map { _ in random.uniform() }
        let residuals = zip(distances, variances).map { random.normal() * (0.01 + 0.02 * $0 + $1).squareRoot() }
        let plain = HeadRecord.Uncertainty(residuals: residuals, distances: distances, variances: variances)
        let other = HeadRecord.Uncertainty(
            residuals: residuals.map { $0 * unit }, distances: distances, variances: variances.map { $0 * unit * unit })
        #expect(plain.byDistance > 0 && plain.byEnsemble > 0)
        #expect(other.withinOne == plain.withinOne && other.withinTwo == plain.withinTwo)
        for (distance, variance) in [(1.0, 0.1), (4, 0.1), (1, 1)] {
            let expected = plain.standardError(distance: distance, variance: variance) * unit
            let found = other.standardError(distance: distance, variance: variance * unit * unit)
            #expect(abs(found / expected - 1) < 1e-6)
        }
    }

    @Test func errors_ofKnownNumbers_areThose() {
        let errors = HeadRecord.Errors([1, 2, 4, 8], [1, 4, 2, 8], isLogarithmic: true)
        #expect(errors.meanAbsoluteError == 1)
        #expect(abs(errors.rootMeanSquareError - 2.0.squareRoot()) < 1e-12)
        #expect(abs((errors.logarithmicMeanAbsoluteError ?? 0) - log(2.0) / 2) < 1e-12)
        // scipy.stats.spearmanr([1, 2, 4, 8], [1, 4, 2, 8])
        #expect(abs(errors.rankCorrelation - 0.8) < 1e-12)
    }

    @Test func fit_ofSeveralTargets_predictsTheirSum() throws {
        let examples = Self.examples()
        let fitted = try Self.fitting(["first", "second"], kinds: [.kernel]).fit(
            examples, of: PhysicsFixtures.model.get())
        #expect(fitted.head.record.parts.count == 2)
        #expect(fitted.heldOut[0].known == examples[0].values[0] + examples[0].values[1])
        #expect(fitted.head.record.errors.rankCorrelation > 0.9)
    }

    @Test func file_ofEachKind_givesTheSamePredictions() throws {
        let examples = Self.single(Self.examples())
        let potential = try PhysicsFixtures.model.get()
        for kind in [HeadKind.ridge, .kernel, .network] {
            var some = examples
            if kind == .network { some = Self.few(examples) }
            let head = try Self.fitting(kinds: [kind]).fit(some, of: potential).head
            let url = FileManager.default.temporaryDirectory.appending(path: "head-\(UUID().uuidString).safetensors")
            defer { try? FileManager.default.removeItem(at: url) }
            try head.encoded().write(to: url)
            let opened = try PropertyHead(contentsOf: url, potential: potential)
            let bytes = try opened.encoded()
            #expect(try opened.record == head.record && bytes == head.encoded())
            #expect(opened.digest == head.digest)
            #expect(opened.predictions == [.init(name: "strength", unit: "N")])
            for example in some.prefix(5) {
                let (before, after) = (
                    head.predict(example.features, of: example.composition),
                    opened.predict(example.features, of: example.composition)
                )
                #expect(abs(after.value / before.value - 1) < 1e-4)
                #expect(after.isInDomain == true && before.isInDomain == true)
            }
        }
    }

    /// No more than a network of a head needs, each of a formula of its own.
    private static func few(_ examples: [HeadExample]) -> [HeadExample] {
        examples.prefix(21).enumerated().map { renamed($1, $0) }
    }

    /// The same crystal under a formula of its own.
    private static func renamed(_ example: HeadExample, _ index: Int) -> HeadExample {
        var example = example
        if let element = Element(atomicNumber: 1 + index), let other = Element(atomicNumber: 90) {
            example.composition = Composition([element: 1, other: 1])
        }
        return example
    }

    @Test func fit_onAnyNumberOfThreads_hasTheSameBits() throws {
        let examples = Self.single(Self.examples())
        let potential = try PhysicsFixtures.model.get()
        let trials: [(examples: [HeadExample], kinds: Set<HeadKind>)] = [
            (examples, [.ridge, .kernel]), (Self.few(examples), [.network]),
        ]
        for (some, kinds) in trials {
            let digests = try [1, 3].map { threads in
                try Self.fitting(kinds: kinds).fit(some, of: potential, team: ThreadTeam(threadCount: threads))
                    .head.digest
            }
            #expect(digests[0] == digests[1])
        }
    }

    /// A network computes in Float, which these numbers leave where they are large; a ridge regression does not.
    @Test func fit_withARegressionThatFailed_leavesItOutOfItsRecord() throws {
        var examples = Self.few(Self.single(Self.examples()))
        for index in examples.indices { examples[index].values = [3e38 + 8e37 * (log(examples[index].values[0]) - 1)] }
        let potential = try PhysicsFixtures.model.get()
        let head = try Self.fitting(kinds: [.ridge, .network], logarithms: false).fit(examples, of: potential).head
        #expect(head.record.tried.count == 14 && head.record.tried.allSatisfy { $0.kind.hasPrefix("ridge") })
        let url = FileManager.default.temporaryDirectory.appending(path: "head-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try head.encoded().write(to: url)
        #expect(try PropertyHead(contentsOf: url, potential: potential).record == head.record)
    }

    @Test(arguments: [1e100, 1e200]) func fit_ofNumbersThatNoFileHolds_isRefused(_ unit: Double) throws {
        var examples = Self.single(Self.examples())
        for index in examples.indices { examples[index].values[0] *= unit }
        let error = try #require(throws: HeadFitting.Problem.self) {
            try Self.fitting(kinds: [.ridge], logarithms: false).fit(examples, of: PhysicsFixtures.model.get())
        }
        guard case .unwritable = error else {
            Issue.record("\(error)")
            return
        }
        #expect("\(error)".contains(" is not finite, or too large for a file"))
    }

    @Test func prediction_farFromAllThatWasLearned_isOutOfTheDomainAndLessSure() throws {
        let examples = Self.single(Self.examples())
        let head = try Self.fitting(kinds: [.kernel]).fit(examples, of: PhysicsFixtures.model.get()).head
        let near = head.predict(examples[0].features, of: examples[0].composition)
        let far = head.predict(examples[0].features.map { $0 + 50 }, of: examples[0].composition)
        #expect(near.isInDomain == true && far.isInDomain == false)
        // The error of a logarithm is a share of the value.
        #expect(try #require(far.sigma) / far.value > 1.5 * #require(near.sigma) / near.value)
        let unknown = try #require(Element(symbol: "Kr"))
        #expect(head.predict(examples[0].features, of: Composition([unknown: 1])).isInDomain == false)
    }

    @Test func fit_ofWhatCannotBeLearned_saysWhy() throws {
        let examples = Self.single(Self.examples())
        let potential = try PhysicsFixtures.model.get()
        #expect(throws: HeadFitting.Problem.tooFew(crystals: 19, formulas: 10)) {
            try Self.fitting().fit(Array(examples.prefix(19)), of: potential)
        }
        var constant = examples
        for index in constant.indices { constant[index].values = [2] }
        #expect(throws: HeadFitting.Problem.constant(target: "strength")) {
            try Self.fitting().fit(constant, of: potential)
        }
        var negative = examples
        negative[7].values = [-1]
        #expect(throws: HeadFitting.Problem.notPositive(id: "made-up-7", target: "strength", value: -1)) {
            try Self.fitting(logarithms: true).fit(negative, of: potential)
        }
    }
}

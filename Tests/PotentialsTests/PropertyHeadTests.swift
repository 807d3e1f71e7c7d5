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
            if kind == .network { some = Array(examples.prefix(21)).enumerated().map { Self.renamed($1, $0) } }
            let head = try Self.fitting(kinds: [kind]).fit(some, of: potential).head
            let url = FileManager.default.temporaryDirectory.appending(path: "head-\(UUID().uuidString).safetensors")
            defer { try? FileManager.default.removeItem(at: url) }
            try head.encoded().write(to: url)
            let opened = try PropertyHead(contentsOf: url, potential: potential)
            #expect(opened.record == head.record && opened.encoded() == head.encoded())
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
        let digests = try [1, 3].map { threads in
            try Self.fitting().fit(examples, of: potential, team: ThreadTeam(threadCount: threads)).head.digest
        }
        #expect(digests[0] == digests[1])
    }

    @Test func prediction_farFromAllThatWasLearned_isOutOfTheDomainAndLessSure() throws {
        let examples = Self.single(Self.examples())
        let head = try Self.fitting(kinds: [.kernel]).fit(examples, of: PhysicsFixtures.model.get()).head
        let near = head.predict(examples[0].features, of: examples[0].composition)
        let far = head.predict(examples[0].features.map { $0 + 50 }, of: examples[0].composition)
        #expect(near.isInDomain == true && far.isInDomain == false)
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

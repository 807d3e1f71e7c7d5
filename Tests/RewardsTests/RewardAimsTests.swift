import Configuration
import Crystals
import Rewards
import Testing
import Trajectories

/// The numbers of terms and the axes of fronts, without judging.
@Suite struct RewardAimsTests {
    private func aims(_ text: String) throws -> RewardAims {
        try RewardAims(ConfigurationLoader.parse(RewardConfiguration.self, text: text, source: "reward"))
    }

    private func measurement(_ values: [String: Double]) -> Trajectories.Measurement {
        .init(Dictionary(uniqueKeysWithValues: values.map { (.init(rawValue: $0.key), $0.value) }))
    }

    private static let figureOfMerit = """
        terms:
          - {source: product, name: figure_of_merit, of: [band_gap, dielectric_total], shape: log}
          - {source: e_above_hull}
          - {source: composition_occurrences}
        """

    @Test func product_spansItsFactors_fromZero() throws {
        let aims = try aims(Self.figureOfMerit)
        #expect(aims.aims.map(\.name) == ["figure_of_merit", "e_above_hull"])
        #expect(aims.aims.map(\.unit) == ["eV", "eV/atom"] && aims.aims.map(\.wantsLow) == [false, true])
        #expect(aims.product?.name == "figure_of_merit")
        #expect(aims.axes?.names == ["band_gap", "dielectric_total"] && aims.axes?.reference == [0, 0])
        #expect(aims.plane?.x.rawValue == "band_gap" && aims.plane?.y.rawValue == "dielectric_total")
        let measured = measurement(["band_gap": 3, "dielectric_total": 8, "e_above_hull": -0.2])
        let numbers = try aims.numbers(of: JudgedCrystal(.rockSalt(), measured))
        // Not the shape's value, and no cap at the hull.
        #expect(numbers == [24, -0.2])
        #expect(aims.point(numbers, measured) == [3, 8])
    }

    @Test func crystal_withoutAFactor_hasNeitherProductNorPoint() throws {
        let aims = try aims(Self.figureOfMerit)
        for values in [["band_gap": 3, "e_above_hull": 0.1], ["band_gap": .infinity, "dielectric_total": 2]] {
            let measured = measurement(values)
            let numbers = try aims.numbers(of: JudgedCrystal(.rockSalt(), measured))
            #expect(numbers[0] == nil && aims.point(numbers, measured) == nil)
        }
    }

    @Test func pareto_spansTheValuesOfItsTerms_fromTheirLowerBounds() throws {
        let aims = try aims(
            """
            combine: pareto
            terms:
              - {source: product, name: known_gap, of: [band_gap, band_gap_in_domain], bounds: [0, 8]}
              - {source: dielectric_total, shape: linear, scale: 10, bounds: [0, 5]}
              - {source: e_above_hull, bounds: [-0.5, 0]}
            """)
        #expect(aims.axes?.names == ["known_gap", "dielectric_total", "e_above_hull"])
        #expect(aims.axes?.reference == [0, 0, -0.5])
        // A factor that only says whether a model knows the like makes no product to be told of.
        #expect(aims.product == nil)
        #expect(aims.plane?.x.rawValue == "band_gap" && aims.plane?.y.rawValue == "dielectric_total")
        let measured = measurement([
            "band_gap": 4, "band_gap_in_domain": 0, "dielectric_total": 20, "e_above_hull": 0.1,
        ])
        let numbers = try aims.numbers(of: JudgedCrystal(.rockSalt(), measured))
        #expect(numbers == [0, 20, 0.1])
        #expect(aims.point(numbers, measured) == [0, 2, -0.1])
    }

    @Test func pareto_countsHeightsBelowTheHullAsTheGuardSays() throws {
        let terms = "combine: pareto, terms: [{source: e_above_hull}, {source: band_gap}]"
        for (guards, height) in [("all", 0.0), ("none", 0.3), ("{cap_at_hull: false}", 0.3)] {
            let aims = try aims("{\(terms), guards: \(guards)}")
            let measured = measurement(["e_above_hull": -0.3, "band_gap": 2])
            let numbers = try aims.numbers(of: JudgedCrystal(.rockSalt(), measured))
            #expect(numbers == [-0.3, 2] && aims.point(numbers, measured) == [height, 2])
        }
    }

    @Test func singleAim_hasNoFront() throws {
        #expect(try aims("terms: []").axes == nil)
        #expect(try aims("terms: [{source: band_gap}]").plane == nil)
    }

    @Test func undominated_areThoseThatNoOtherBeats_equalOnesStay() {
        let points: [[Double]] = [[1, 5], [2, 4], [1, 4], [3, 1], [2, 4], [0, 6], [3, 0]]
        #expect(ParetoFront.undominated(points) == [0, 1, 3, 4, 5])
        #expect(ParetoFront.undominated([]).isEmpty)
        // 0...1 of x: 5 and above it 6 at no width; 1...2: 4; 2...3: 1.
        #expect(ParetoFront.hypervolume(points, above: [0, 0]) == 5 + 4 + 1)
        #expect(ParetoFront.hypervolume([[-1, 3]], above: [0, 0]) == 0)
    }
}

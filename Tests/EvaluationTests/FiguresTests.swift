import Base
import Evaluation
import Foundation
import Report
import Testing

/// Counting: shares, and each kind of crystal once.
@Suite struct FiguresTests {
    /// A record as a line of an evaluation has it.
    private func crystal(
        _ id: String, height: Double?, equals: String? = nil, known: String? = nil, elements: [String] = ["Cl", "Na"],
        group: Int = 225, invalid: String? = nil, entries: Int = 40, relaxedHeight: Double? = nil,
        displacement: Double = 0.1, judged: (Double, Double?)? = nil
    ) throws -> EvaluatedCrystal {
        var object: [String: Any] = [
            "id": id, "space_group": group, "formula": "X", "elements": elements, "composition": "valid",
            "hull_entries": entries,
        ]
        object["invalid"] = invalid
        let structure: [String: Any] = [
            "lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 4]], "species": elements,
            "frac_coords": elements.map { _ in [0, 0, 0] },
        ]
        func state(_ height: Double?) -> [String: Any] {
            var state: [String: Any] = ["structure": structure]
            state["e_above_hull"] = height
            state["energy_per_atom"] = height.map { $0 - 3 }
            state["equals"] = equals
            state["known"] = known
            return state
        }
        if invalid == nil { object["as_sampled"] = state(height) }
        if let relaxedHeight {
            object["relaxed"] = [
                "state": state(relaxedHeight), "steps": 3, "stopped": "converged", "rmsd": displacement,
                "volume_ratio": 1, "space_group": 225,
            ]
        }
        if let (energy, height) = judged {
            var judgement: [String: Any] = ["energy_per_atom": energy]
            judgement["e_above_hull"] = height
            object["judged"] = judgement
        }
        let data = try JSONSerialization.data(withJSONObject: object)
        return try JSONDecoder().decode(EvaluatedCrystal.self, from: data)
    }

    @Test func figures_ofKindsThatComeTwice_countEachOnce() throws {
        let figures = EvaluationFigures(
            of: [
                try crystal("a", height: 0.05), try crystal("b", height: 0.02, equals: "a"),
                try crystal("c", height: -0.01, known: "salt"), try crystal("d", height: 0.3),
                try crystal("e", height: -0.02, equals: "d"), try crystal("f", height: 0, elements: ["Fe"], entries: 3),
                try crystal("g", height: nil), try crystal("h", height: nil, invalid: "atoms_overlap"),
                try crystal("i", height: -0.4), try crystal("j", height: 0.08, known: "salt"),
            ], threshold: 0.1, tellsNovelty: true)
        let verdicts = figures.asSampled
        #expect(figures.samples == 10 && figures.valid.count == 9)
        #expect(verdicts.measured.count == 8 && verdicts.stable.count == 7 && verdicts.onHull.count == 4)
        #expect(verdicts.unique.count == 7 && verdicts.novel?.count == 7)
        // a with b, d with e, f, i: four kinds; of these d, f and i are on the hull.
        #expect(verdicts.sun?.count == 4 && verdicts.sunOnHull?.count == 3 && verdicts.metastableSUN?.count == 1)
        #expect(verdicts.farBelow.count == 1)
        #expect(figures.elemental.count == 1 && figures.binary.count == 9 && figures.sparse.count == 1)
        #expect(verdicts.stable.of == 10 && abs(verdicts.stable.value - 0.7) < 1e-12)
        #expect(abs(verdicts.stable.error - (0.7 * 0.3 / 10).squareRoot()) < 1e-12)
        #expect(figures.relaxed == nil && figures.relaxations == nil && figures.secondOpinion == nil)
    }

    @Test func figures_withoutKnownCrystals_tellNoNovelty() throws {
        let figures = EvaluationFigures(of: [try crystal("a", height: 0)], threshold: 0.1, tellsNovelty: false)
        #expect(figures.asSampled.novel == nil && figures.asSampled.sun == nil && figures.asSampled.unique.count == 1)
        let text = EvaluationTable([("one", figures)]).text
        #expect(!text.contains("novel") && text.contains("warning: one: 1 samples are few"))
    }

    @Test func figures_ofNothing_areZeroes() {
        let figures = EvaluationFigures(of: [], threshold: 0.1, tellsNovelty: true)
        #expect(figures.samples == 0 && figures.asSampled.stable.value == 0 && figures.asSampled.stable.error == 0)
        #expect(EvaluationTable([("none", figures)]).text.contains("samples"))
    }

    @Test func figures_byGroupAndSystem_coverAllCrystals() throws {
        let groups = [1, 2, 12, 225, 225, 221, 194]
        let crystals = try groups.enumerated().map { try crystal("\($0)", height: Double($0) * 0.03, group: $1) }
        let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true)
        #expect(figures.bySpaceGroup.map(\.name) == ["1", "2", "12", "194", "221", "225"])
        #expect(figures.byCrystalSystem.map(\.name) == ["triclinic", "monoclinic", "hexagonal", "cubic"])
        #expect(figures.byCrystalSystem.reduce(0) { $0 + $1.samples } == 7)
        #expect(figures.bySpaceGroup.reduce(0) { $0 + $1.asSampled.stable.count } == figures.asSampled.stable.count)
        let sheet = EvaluationSheet.csv([("a, b", figures)]).split(separator: "\n")
        #expect(
            sheet.count == 1 + 1 + 4 + 6
                && sheet.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count >= 22 })
    }

    @Test func figures_relaxed_standBesideThoseAsSampled() throws {
        let crystals = [
            try crystal("a", height: 0.2, relaxedHeight: 0.05),
            try crystal("b", height: 0.3, group: 221, relaxedHeight: 0.2),
        ]
        let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true)
        #expect(
            figures.asSampled.stable.count == 0 && figures.relaxed?.stable.count == 1
                && figures.relaxed?.sun?.count == 1)
        #expect(figures.relaxations?.spaceGroupKept.count == 1 && figures.relaxations?.meanDisplacement == 0.1)
        let table = EvaluationTable([("before", figures), ("after", figures)]).text
        #expect(table.contains("S.U.N. (0.1 eV/atom), relaxed") && table.contains("+0.0 points"))
        let page = EvaluationPage(title: "T", columns: [("a<b", figures)], table: table, footer: "f").html()
        #expect(page.contains("a&lt;b") && page.contains("Height above the hull, relaxed") && !page.contains("NaN"))
    }

    @Test func medianDisplacement_ofAnEvenNumber_liesBetween() throws {
        let crystals = try [0.1, 0.4, 0.2, 0.9].enumerated().map {
            try crystal("\($0)", height: 0.2, relaxedHeight: 0.05, displacement: $1)
        }
        let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true)
        #expect(abs(try #require(figures.relaxations).medianDisplacement - 0.3) < 1e-12)
    }

    /// Each hull lacks crystals of its own: those that both have are correlated, pair by pair.
    @Test func secondJudge_withAHull_isCorrelatedOverTheCrystalsThatBothHave() throws {
        let heights: [(own: Double?, judged: Double?)] = [
            (0.1, 0.2), (nil, 0.9), (0.2, 0.4), (0.3, nil), (0.4, 0.8), (nil, 0.1), (0.05, nil), (0.5, 1.0),
        ]
        for pairs in [heights, heights + [(0.6, nil)]] {
            let crystals = try pairs.enumerated().map {
                try crystal("\($0)", height: $1.own, judged: (-3, $1.judged))
            }
            let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: false, judge: "other")
            #expect(abs(try #require(figures.secondOpinion?.correlation) - 1) < 1e-12)
        }
    }

    /// Another functional that shifts every element leaves the heights as they are.
    @Test func secondJudge_thatDiffersByElementEnergiesAlone_correlatesWholly() throws {
        var crystals: [EvaluatedCrystal] = []
        for index in 0..<60 {
            let elements = [["Na", "Cl"], ["K", "Cl"], ["Na", "K", "Cl"], ["Na", "Br"]][index % 4]
            let height = Double((index * 37) % 23) * 0.02
            let shift =
                elements.reduce(0) { $0 + (["Na": 1.5, "K": -2, "Cl": 0.7, "Br": 3][$1] ?? 0) } / Double(elements.count)
            crystals.append(
                try crystal("\(index)", height: height, elements: elements, judged: (height - 3 + shift, nil)))
        }
        let figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: false, judge: "other")
        let opinion = try #require(figures.secondOpinion)
        #expect(opinion.stable == nil && opinion.measured.count == 60)
        #expect(try #require(opinion.correlation) > 0.999)
        let own = try crystals.indices.map {
            try crystal("\($0)", height: 0.2, judged: (-3, Double($0 % 2) * 0.3))
        }
        #expect(
            EvaluationFigures(of: own, threshold: 0.1, tellsNovelty: false, judge: "own").secondOpinion?.stable?.count
                == 30)
    }

    /// Crystals of so many elements that energies of theirs fit anything, judged by a function of height and shares.
    private func judgedCrystals(
        _ count: Int, seed: UInt64, by judge: (_ height: Double, _ elements: [String], _ noise: Double) -> Double
    ) throws -> [EvaluatedCrystal] {
        let symbols = [
            "Li", "Na", "K", "Rb", "Cs", "Be", "Mg", "Ca", "Sr", "Ba", "Sc", "Ti", "V", "Cr", "Mn", "Fe",
            "Co", "Ni", "Cu", "Zn", "Al", "Ga", "In", "Si", "Ge", "Sn", "Pb", "N", "P", "As", "O", "S", "Se", "F", "Cl",
            "Br", "I", "B", "C", "H",
        ]
        var random = Philox(seed: seed, domain: .testing)
        func next() -> Double { Double.random(in: 0..<1, using: &random) }
        return try (0..<count).map { index in
            let elements = (0..<3).map { _ in symbols[Int(next() * Double(symbols.count))] }
            let height = next()
            return try crystal(
                "\(index)", height: height, elements: elements, judged: (judge(height, elements, next()), nil))
        }
    }

    private func correlation(_ crystals: [EvaluatedCrystal]) -> Double? {
        EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: false, judge: "other").secondOpinion?.correlation
    }

    /// With 40 elements and 60 crystals, energies of the elements alone explain most of any difference.
    @Test func secondJudge_thatSaysNothing_doesNotCorrelate() throws {
        let found = try (1...20).map { seed -> Double in
            let crystals = try judgedCrystals(60, seed: UInt64(seed)) { _, _, noise in -4 * noise }
            return try #require(correlation(crystals))
        }
        #expect(abs(found.reduce(0, +) / Double(found.count)) < 0.15, "\(found)")
        #expect(found.allSatisfy { abs($0) < 0.75 }, "\(found)")
        let many = try correlation(judgedCrystals(1000, seed: 7) { _, _, noise in -4 * noise })
        #expect(abs(try #require(many)) < 0.12)
    }

    @Test func secondJudge_thatIsAShiftedCopy_correlatesAlsoWithManyElements() throws {
        for count in [60, 1000] {
            let crystals = try judgedCrystals(count, seed: 3) { height, elements, _ in
                height - 3 - elements.reduce(0) { $0 + Double($1.utf8.reduce(0) { $0 + Int($1) } % 17) / 3 }
            }
            #expect(try #require(correlation(crystals)) > 0.99)
        }
        // As many elements as crystals: nothing is left to compare.
        let few = try (0..<5).map {
            try crystal(
                "\($0)", height: 0.1, elements: [["Li", "Na", "K", "Rb", "Cs"][$0]],
                judged: (Double($0 % 3), nil))
        }
        #expect(correlation(few) == nil)
    }
}

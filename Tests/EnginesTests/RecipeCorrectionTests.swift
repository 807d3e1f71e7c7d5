import Crystals
import Engines
import Foundation
import Rewards
import Stability
import Testing

/// What a learner tells its workers about corrections.
@Suite struct RecipeCorrectionTests {
    private func text(_ correction: EnergyAlignment?) throws -> String {
        var recipe = Recipe(
            limits: ValidityLimits(), potential: "chgnet", potentialDigest: "a", hull: "default", hullDigest: "b")
        recipe.correction = correction
        return try PeerSettings.text(recipe)
    }

    /// The digest of a recipe names what is measured: it changes where corrections are added, and only there.
    @Test func recipe_namesCorrectionsOnlyWhereTheyAreAdded() throws {
        #expect(try !text(nil).contains("correction"))
        #expect(try text(.mp2020) != text(nil))
        #expect(try PeerSettings.parse(Recipe.self, from: text(.mp2020)).correction == .mp2020)
        #expect(try PeerSettings.parse(Recipe.self, from: text(nil)).correction == nil)
    }

    @Test func standard_ofTheNativePotential_addsNothing() throws {
        #expect(try MeasuringStandard(potential: "chgnet", hull: "default").correction == nil)
        #expect(try ScoringEngine(potential: "chgnet", hull: "default").alignment == .asTheyAre)
        // What a worker brings may be plain.
        #expect(try MeasuringStandard(potential: "external mine", hull: "default").correction == .mp2020)
    }

    /// Only plain energies, and only where the hull's are corrected.
    @Test func alignment_byConventionAndHull() throws {
        let iron = try #require(Element(symbol: "Fe"))
        let corrected = try HullReference.embedded()
        let unknown = try HullReference(
            name: "x", entries: [ComputedEntry(id: "a", composition: Composition([iron: 1]), energy: -8)])
        for convention in EnergyConvention.allCases {
            #expect((EnergyAlignment(of: convention, on: corrected) == .mp2020) == (convention == .rawPBE))
            #expect(EnergyAlignment(of: convention, on: unknown) == .asTheyAre)
        }
    }
}

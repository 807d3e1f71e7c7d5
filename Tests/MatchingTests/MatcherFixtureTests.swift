import Crystals
import Matching
import Testing

@Suite struct MatcherFixtureTests {
    @Test func fixtures_areThere() throws {
        #expect(try #require(MatchingPair.fixture).count == 156)
        #expect(try #require(MatchingPair.random).count == 155)
    }

    @Test func fit_agreesWithTheReference() throws {
        let matcher = StructureMatcher()
        var fragile = (count: 0, different: 0)
        for pair in MatchingPair.all {
            let first = try ReducedStructure(pair.a.structure)
            let second = try ReducedStructure(pair.b.structure)
            let (fit, reversed) = (matcher.fit(first, second), matcher.fit(second, first))
            if pair.robust {
                #expect(fit == pair.fit && reversed == pair.fitReversed, "\(pair.id), \(pair.kind)")
            } else {
                fragile.count += 2
                fragile.different += (fit == pair.fit ? 0 : 1) + (reversed == pair.fitReversed ? 0 : 1)
            }
        }
        #expect(fragile.count > 0 && 10 * fragile.different <= fragile.count)
    }

    @Test func reduction_findsThePrimitiveCellsOfTheReference() throws {
        for pair in MatchingPair.all {
            let counts = [try ReducedStructure(pair.a.structure), try ReducedStructure(pair.b.structure)].map(
                \.atomCount)
            #expect(counts == pair.nSitesReduced, "\(pair.id), \(pair.kind)")
        }
    }

    @Test func distance_agreesWithTheReference() throws {
        let matcher = StructureMatcher()
        for pair in MatchingPair.all where pair.robust {
            let distance = matcher.rmsDistance(
                try ReducedStructure(pair.a.structure), try ReducedStructure(pair.b.structure))
            guard let expected = pair.rms else {
                #expect(distance == nil, "\(pair.id), \(pair.kind)")
                continue
            }
            let found = try #require(distance, "\(pair.id), \(pair.kind)")
            if expected[0] < 1e-6 {
                #expect(found.rms < 1e-5, "\(pair.id)")
            } else {
                #expect((found.rms - expected[0]).magnitude < 1e-4, "\(pair.id), \(pair.kind)")
                #expect((found.largest - expected[1]).magnitude < 1e-4, "\(pair.id), \(pair.kind)")
            }
        }
    }

    @Test func fingerprint_neverRejectsAMatch() throws {
        var rejected = 0
        for pair in MatchingPair.all {
            let (first, second) = (try ReducedStructure(pair.a.structure), try ReducedStructure(pair.b.structure))
            let mayMatch = first.fingerprint.mayMatch(second.fingerprint, tolerances: MatchingTolerances())
            if !mayMatch { rejected += 1 }
            let isMatch = pair.fit || pair.rms != nil
            #expect(mayMatch || !isMatch, "\(pair.id), \(pair.kind)")
            if pair.fit { #expect(first.fingerprint.key.hash == second.fingerprint.key.hash) }
        }
        // It is of use.
        #expect(rejected > 40)
    }
}

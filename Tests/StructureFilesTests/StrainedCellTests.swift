import Base
import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

/// Cells that are nearly, but not quite, more symmetric: 14 crystals, strained, sheared, stretched along an axis or a
/// vector, and rattled, by 0.0001 to 0.03.
struct StrainedCellTests {
    /// The tolerance of angles follows from that of lengths, as in spglib.
    @Test func strainedCells_haveSpglibsGroupInMilliseconds() throws {
        let entries = Array(try StructureReader.read(path: Fixture.url("strained/strained.jsonl.gz").path))
        #expect(entries.count == 462)
        var durations: [Duration] = []
        for entry in entries {
            let structure = try entry.input.get().structure()
            var found: Crystal?
            durations.append(try ThreadClock.measure { found = try Crystal(structure: structure) })
            let crystal = try #require(found)
            #expect("\(crystal.spaceGroup.number)" == entry.id.prefix { $0 != " " }, "\(entry.id)")
        }
        // A few milliseconds each, far from the 11 s that a wrong tolerance of angles took.
        durations.sort()
        #expect(durations[durations.count / 2] < .milliseconds(200))
        #expect(try #require(durations.last) < .seconds(2))
    }
}

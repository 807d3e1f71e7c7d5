import Crystals
import Foundation
import StructureFiles
import Synchronization
import Testing

@Suite struct CrystalIngestionTests {
    /// Rock salt in its conventional cell, out of a CIF of P1.
    private func salt() throws -> ReadStructure {
        let structure = Structure(
            cell: try LatticeParameters(a: 5.64, b: 5.64, c: 5.64, alpha: 90, beta: 90, gamma: 90).cell(),
            elements: try ["Na", "Na", "Na", "Na", "Cl", "Cl", "Cl", "Cl"].map {
                try #require(Element(symbol: $0))
            },
            fractionalCoordinates: [
                SIMD3(0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0), SIMD3(0.5, 0.5, 0.5),
                SIMD3(0.5, 0, 0), SIMD3(0, 0.5, 0), SIMD3(0, 0, 0.5),
            ])
        let url = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString).cif")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(StructureWriter.cif(structure, id: "salt").utf8).write(to: url)
        var pieces = UnreadStructures(StructurePlace.all(in: [url.path], format: nil).places)
        return try #require(pieces.next()?.read().first)
    }

    @Test func rebuildCheck_getsWhatWasReadAndWhatTheSitesGive_andDecides() throws {
        let counts = Mutex<[Int]>([])
        let willing = CrystalIngestion { original, rebuilt in
            counts.withLock { $0 = [original.atomCount, rebuilt.atomCount] }
            return true
        }
        #expect(try willing.take(try salt()).get().crystal.spaceGroup.number == 225)
        #expect(counts.withLock { $0 } == [8, 2])
        let unwilling = CrystalIngestion { _, _ in false }
        guard case .failure(let refused) = unwilling.take(try salt()) else {
            Issue.record("taken against the check")
            return
        }
        #expect(refused.reason == "not rebuilt" && refused.place.hasSuffix(".cif"))
    }
}

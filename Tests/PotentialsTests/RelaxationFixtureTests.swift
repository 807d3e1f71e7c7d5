import Crystals
import Foundation
import Potentials
import Testing

/// The reference's relaxations, with CHGNet 0.3.0.
@Suite struct RelaxationFixtureTests {
    private struct Record: Decodable {
        struct Atoms: Decodable {
            let lattice: [[Double]]
            let species: [String]
            let positions: [[Double]]

            private enum CodingKeys: String, CodingKey {
                case lattice, species
                case positions = "frac_coords"
            }

            var structure: Structure {
                let rows = lattice.map { SIMD3($0[0], $0[1], $0[2]) }
                return Structure(
                    cell: Cell(a: rows[0], b: rows[1], c: rows[2]), elements: species.compactMap(Element.init(symbol:)),
                    fractionalCoordinates: positions.map { SIMD3($0[0], $0[1], $0[2]) })
            }
        }

        let id: String
        let initial: Atoms
        let robust: Bool
        let initialEnergy: Double
        let energy: Double
        let volumePerAtom: Double
        let steps: Int

        private enum CodingKeys: String, CodingKey {
            case id, initial, robust
            case initialEnergy = "initial_energy_per_atom"
            case energy = "f64_final_energy_per_atom"
            case volumePerAtom = "f64_final_volume_per_atom"
            case steps = "f64_n_steps"
        }
    }

    private func records() throws -> [Record] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "Fixtures/physics/chgnet/relaxations.json"))
        let records = try JSONDecoder().decode([Record].self, from: data)
        try #require(records.count == 12)
        return records
    }

    /// Energies within 1e-4 eV/atom, as many steps within five, volumes within 0.5 %.
    @Test(arguments: [true, false])
    func referencesMethod_goesTheReferencesWay(keepsSymmetry: Bool) throws {
        var settings = RelaxationSettings.reference
        settings.keepsSymmetry = keepsSymmetry
        let relaxer = try Relaxer(potential: PhysicsFixtures.model.get(), settings: settings)
        let records = try records()
        let results = relaxer.relax(records.map { .structure($0.initial.structure) }, threads: 2)
        for (record, result) in zip(records, results) where record.robust {
            let relaxation = try result.get()
            #expect(relaxation.end == .converged, "\(record.id)")
            #expect(abs(relaxation.initialEnergyPerAtom - record.initialEnergy) < 1e-4, "\(record.id)")
            #expect(abs(relaxation.finalEnergyPerAtom - record.energy) < 1e-4, "\(record.id)")
            #expect(abs(relaxation.steps - record.steps) <= 5, "\(record.id): \(relaxation.steps) for \(record.steps)")
            let volume = relaxation.final.cell.volume / Double(relaxation.final.atomCount)
            #expect(abs(volume / record.volumePerAtom - 1) < 5e-3, "\(record.id)")
        }
    }

    @Test func defaultMethod_endsAsLowInFewerSteps() throws {
        let relaxer = try Relaxer(potential: PhysicsFixtures.model.get(), settings: RelaxationSettings())
        let records = try records()
        let results = relaxer.relax(records.map { .structure($0.initial.structure) }, threads: 2)
        for (record, result) in zip(records, results) {
            let relaxation = try result.get()
            #expect(relaxation.end == .converged, "\(record.id)")
            #expect(relaxation.finalEnergyPerAtom < record.energy + 2e-3, "\(record.id)")
            // Unless it went on to a lower minimum.
            if relaxation.finalEnergyPerAtom < record.energy - 2e-3 { continue }
            #expect(relaxation.steps < record.steps, "\(record.id): \(relaxation.steps) for \(record.steps)")
        }
    }
}

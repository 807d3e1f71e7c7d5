import Base
import Crystals
import Foundation
import Stability
import Testing

/// Agreement with MaterialsProject2020Compatibility of pymatgen on `physics/mp2020`.
@Suite struct MP2020CorrectionTests {
    struct Record: Decodable {
        struct Structure: Decodable {
            let lattice: [[Double]]
            let species: [String]
            let fracCoords: [[Double]]

            enum CodingKeys: String, CodingKey {
                case lattice, species
                case fracCoords = "frac_coords"
            }
        }

        struct Full: Decodable {
            let correctionEV: Double
            let adjustments: [String: Double]

            enum CodingKeys: String, CodingKey {
                case correctionEV = "correction_eV"
                case adjustments
            }
        }

        struct Reference: Decodable {
            let correctionEV: Double
            let isHubbard: Bool

            enum CodingKeys: String, CodingKey {
                case correctionEV = "correction_eV"
                case isHubbard = "is_hubbard"
            }
        }

        let id: String
        let structure: Structure
        let full: Full
        let generateCse: Reference

        enum CodingKeys: String, CodingKey {
            case id, structure, full
            case generateCse = "generate_cse"
        }
    }

    private static let tolerance = 1e-9

    private func structure(_ record: Record) throws -> Crystals.Structure {
        let rows = record.structure.lattice.map { SIMD3($0[0], $0[1], $0[2]) }
        return Structure(
            cell: Cell(a: rows[0], b: rows[1], c: rows[2]),
            elements: try record.structure.species.map { try #require(Element(symbol: $0)) },
            fractionalCoordinates: record.structure.fracCoords.map { SIMD3($0[0], $0[1], $0[2]) })
    }

    @Test func correction_ofTheFixture_isTheReferences() throws {
        let data = try Data(contentsOf: fixtures.appending(path: "physics/mp2020/corrections.json"))
        let records = try JSONDecoder().decode([Record].self, from: data)
        #expect(records.count == 163)
        for record in records {
            let correction = MP2020Correction(of: try structure(record))
            #expect((correction.energy - record.full.correctionEV).magnitude < Self.tolerance, "\(record.id)")
            let found = Dictionary(uniqueKeysWithValues: correction.adjustments.map { ($0.name, $0.energy) })
            #expect(Set(found.keys) == Set(record.full.adjustments.keys), "\(record.id): \(found)")
            for (name, energy) in record.full.adjustments {
                #expect(((found[name] ?? .nan) - energy).magnitude < Self.tolerance, "\(record.id) \(name)")
            }
            // What the reference's own program adds.
            #expect(correction.usesHubbardU == record.generateCse.isHubbard, "\(record.id)")
            let asWritten = correction.usesHubbardU ? correction.energy : 0
            #expect((asWritten - record.generateCse.correctionEV).magnitude < Self.tolerance, "\(record.id)")
        }
    }

    /// A simple cubic cell with atoms far apart.
    private func sparse(_ symbols: [String]) throws -> Crystals.Structure {
        let side = 4.0 * Double(symbols.count)
        return Structure(
            cell: Cell(a: SIMD3(4, 0, 0), b: SIMD3(0, 4, 0), c: SIMD3(0, 0, side)),
            elements: try symbols.map { try #require(Element(symbol: $0)) },
            fractionalCoordinates: symbols.indices.map { SIMD3(0, 0, Double($0) / Double(symbols.count)) })
    }

    @Test func correction_ofElements_isNone() throws {
        for symbol in ["O", "S", "F", "Fe", "He"] {
            #expect(MP2020Correction(of: try sparse([symbol, symbol])).adjustments.isEmpty)
        }
    }

    /// Ten elements of five states each have ten million choices of states, and 20 of one element as many: no time.
    @Test func correction_ofManyElementsAndAtoms_isQuick() throws {
        var generator = SeededGenerator(seed: 11)
        let metals = [
            "Mn", "V", "Cr", "Os", "Ru", "Re", "C", "N", "P", "S", "Se", "Te", "I", "Br", "Cl", "Sb", "As", "Si",
        ]
        let duration = try ThreadClock.measure {
            for _ in 0..<20 {
                let symbols = metals.shuffled(using: &generator)
                _ = MP2020Correction(of: try sparse(Array(symbols.prefix(14)) + ["H", "F", "N", "N", "I", "I"]))
                _ = MP2020Correction(of: try sparse(Array(repeating: symbols[0], count: 17) + ["H", "N", "Cl"]))
                _ = MP2020Correction(of: try sparse(Array(repeating: symbols[0], count: 200) + ["H"]))
            }
        }
        #expect(duration < .seconds(30))
    }

    /// More than 20 atoms in the formula: no guess, so hydrogen beside chlorine is not corrected.
    @Test func correction_beyondTwentyAtoms_hasNoGuess() throws {
        let few = try sparse(["Na", "Na", "H", "Cl"])
        #expect(
            MP2020Correction(of: few).adjustments.map(\.name) == ["anion correction (H)", "anion correction (Cl)"])
        let many = try sparse(Array(repeating: "Na", count: 20) + ["H", "Cl"])
        #expect(MP2020Correction(of: many).adjustments.map(\.name) == ["anion correction (Cl)"])
    }
}

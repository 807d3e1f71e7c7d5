// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

import Foundation
import Kernels
import PolicyFixtures
import Testing

/// The von Mises density and its derivatives against the reference (tolerance: 1e-5 relative).
@Suite struct VonMisesTests {
    struct Special: Decodable {
        struct Table: Decodable {
            let columns: [String]
            let rows: [[Double]]
        }
        let von_mises_logpdf: Table
    }

    struct Exact: Decodable {
        let rows: [[Double]]
    }

    /// log p and d log p / d κ against mpmath: near the location the derivative is 1 - I1/I0 ≈ 1/(2κ) alone.
    @Test func sharpDensities_keepTheirDigits() throws {
        let table = try Fixture.json("von_mises_mpmath.json", as: Exact.self)
        #expect(table.rows.count > 40)
        for row in table.rows {
            var (log, dLocation, dConcentration) = ([0.0], [0.0], [0.0])
            VonMises.logDensity(
                at: row[1], locations: [0], concentrations: [row[0]], logDensities: &log,
                dLocations: &dLocation, dConcentrations: &dConcentration)
            #expect(abs(log[0] - row[2]) <= 1e-6 * max(1e-2, abs(row[2])), "\(row): \(log[0])")
            #expect(abs(dConcentration[0] - row[3]) <= 1e-6 * abs(row[3]) + 1e-17, "\(row): \(dConcentration[0])")
        }
    }

    @Test func logDensity_matchesTheReference() throws {
        let table = try Fixture.json("special_functions.json", as: Special.self).von_mises_logpdf
        #expect(table.rows.count == 125)
        for row in table.rows {
            var (log, dLocation, dConcentration) = ([0.0], [0.0], [0.0])
            VonMises.logDensity(
                at: (row[0] - 0.5) * 2 * .pi, locations: [row[1]], concentrations: [row[2]], logDensities: &log,
                dLocations: &dLocation, dConcentrations: &dConcentration)
            #expect(abs(log[0] - row[3]) <= 1e-5 * abs(row[3]) + 1e-6, "\(row)")
            #expect(abs(dLocation[0] - row[5]) <= 1e-5 * abs(row[5]) + 1e-6, "\(row)")
            #expect(abs(dConcentration[0] - row[6]) <= 1e-5 * abs(row[6]) + 1e-6, "\(row)")
        }
    }
}

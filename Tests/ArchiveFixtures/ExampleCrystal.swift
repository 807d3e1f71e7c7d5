package import Archive
internal import Crystals
package import Foundation
internal import Trajectories

/// Runs a test in a new folder and removes it afterwards.
package func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}

/// A crystal of an id, made by hand: rock salt with changed numbers.
package func exampleCrystal(
    version: Int, unit: Int = 0, index: Int = 0, formula: String = "NaCl", energyAboveHull: Double? = 0.05,
    outcome: ArchivedCrystal.Outcome = .scored, reason: String? = nil, spaceGroup: Int = 225
) throws -> ArchivedCrystal {
    let sodium = try known(Element(symbol: "Na"))
    let chlorine = try known(Element(symbol: "Cl"))
    let crystal = Crystal(
        spaceGroup: try known(SpaceGroup(number: spaceGroup)),
        sites: [
            Crystal.Site(wyckoff: 1, element: sodium, position: .zero),
            Crystal.Site(wyckoff: 2, element: chlorine, position: SIMD3(0.5, 0.5, 0.1 + 0.2)),
        ],
        lattice: LatticeParameters(a: 5.6, b: 5.6, c: 5.6, alpha: 90, beta: 90, gamma: 90))
    return ArchivedCrystal(
        id: .init(version: PolicyVersion(version), unit: unit, index: index), crystal: crystal, formula: formula,
        atomCount: 8,
        logProbability: .init(w: -1, a: -2, xyz: -3, l: 4.5),
        referenceLogProbability: .init(w: -1.1, a: -2.1, xyz: -3.1, l: 4.1), outcome: outcome, reason: reason,
        measurement: energyAboveHull.map { .init(energyPerAtom: $0 - 3.4, energyAboveHull: $0) } ?? .init([:]),
        reward: energyAboveHull.map { min(2, exp(-$0 / 0.15)) },
        lineage: .init(
            seed: .max, policyDigest: "0123", actor: "actor-1", worker: outcome == .scored ? "worker-1" : nil,
            potential: "chgnet-0.3.0", hull: "4567"),
        scoringSeconds: 0.02, createdAt: Date(timeIntervalSince1970: 1_750_000_000.5))
}

package struct Missing: Error {}

package func known<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

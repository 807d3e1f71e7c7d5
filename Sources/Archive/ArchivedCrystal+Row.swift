import Crystals
import Foundation
import GRDB
import Trajectories

extension ArchivedCrystal {
    /// The columns, in the order of `databaseArguments`.
    static let columnNames = [
        "version", "unit", "crystal_index", "space_group", "formula", "chemical_system", "site_count", "atom_count",
        "sites", "a", "b", "c", "alpha", "beta", "gamma", "logp_w", "logp_a", "logp_xyz", "logp_l", "reference_logp_w",
        "reference_logp_a", "reference_logp_xyz", "reference_logp_l", "outcome", "reason", "energy_per_atom",
        "e_above_hull", "reward", "seed", "policy_digest", "actor", "worker", "potential", "hull", "scoring_seconds",
        "created_at", "trained_at", "batch",
    ]

    /// The quantities that have a column of their name beside their rows in `measurements`: users filter by them.
    static let columnQuantities = [Trajectories.Measurement.Quantity.energyPerAtom, .energyAboveHull]

    /// The values of a row. A number that is not finite is kept as NULL.
    var databaseArguments: [(any DatabaseValueConvertible)?] {
        let lattice = crystal.lattice
        let lengthsAndAngles: [(any DatabaseValueConvertible)?] = [
            lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma,
        ].map { $0.isFinite ? $0 : nil }
        let logarithms: [(any DatabaseValueConvertible)?] = [logProbability, referenceLogProbability]
            .flatMap { [$0.w, $0.a, $0.xyz, $0.l] }.map { $0.isFinite ? $0 : nil }
        let energies: [(any DatabaseValueConvertible)?] = [energyPerAtom, energyAboveHull, reward]
            .map { $0.flatMap { $0.isFinite ? $0 : nil } }
        let names: [(any DatabaseValueConvertible)?] = [
            id.version.number, id.unit, id.index, crystal.spaceGroup.number, formula, chemicalSystem,
            crystal.sites.count,
            atomCount, SitesText.encode(crystal.sites),
        ]
        let ending: [(any DatabaseValueConvertible)?] = [outcome.rawValue, reason]
        let origin: [(any DatabaseValueConvertible)?] = [
            Int64(bitPattern: lineage.seed), lineage.policyDigest, lineage.actor, lineage.worker, lineage.potential,
            lineage.hull, scoringSeconds, createdAt.timeIntervalSince1970, trainedAt?.number,
            batch?.number,
        ]
        return [names, lengthsAndAngles, logarithms, ending, energies, origin].flatMap { $0 }
    }

    /// The crystal of a row of the table, with what the row itself says was measured.
    init(row: Row) throws {
        let reader = RowReader(row: row)
        let outcomeName: String = try reader.value("outcome")
        guard let spaceGroup = SpaceGroup(number: try reader.value("space_group")),
            let outcome = Outcome(rawValue: outcomeName)
        else { throw RowError(reason: "its space group or outcome is unknown") }
        guard let sites = SitesText.decode(try reader.value("sites")) else {
            throw RowError(reason: "its sites are not readable")
        }
        let lattice = try reader.lattice()
        let created: Double = try reader.value("created_at")
        self.init(
            id: try reader.crystalID(),
            crystal: Crystal(spaceGroup: spaceGroup, sites: sites, lattice: lattice),
            formula: try reader.value("formula"), logProbability: try reader.logProbabilities("logp"),
            referenceLogProbability: try reader.logProbabilities("reference_logp"), outcome: outcome,
            lineage: try reader.lineage(), createdAt: Date(timeIntervalSince1970: created))
        atomCount = try reader.optional("atom_count")
        reason = try reader.optional("reason")
        measurement = try reader.measurement()
        reward = try reader.optional("reward")
        batch = try reader.optional("batch").map { Step($0) }
        trainedAt = try reader.optional("trained_at").map { Step($0) }
        scoringSeconds = try reader.optional("scoring_seconds")
    }

    /// A row that is not a crystal.
    struct RowError: Error, CustomStringConvertible {
        let reason: String
        var description: String { "a row is not a crystal: \(reason)" }
    }
}

/// The sites of a crystal as JSON: an array `[wyckoff, "symbol", x, y, z]` for each.
enum SitesText {
    static func encode(_ sites: [Crystal.Site]) -> String {
        var text = "["
        for site in sites {
            if text.utf8.count > 1 { text += "," }
            text += "[\(site.wyckoff),\"\(site.element.symbol)\""
            for axis in 0..<3 {
                let value = site.position[axis]
                text += value.isFinite ? ",\(value)" : ",null"
            }
            text += "]"
        }
        return text + "]"
    }

    /// The sites in a text, to the last bit; nil if it is something else.
    static func decode(_ text: String) -> [Crystal.Site]? {
        let stored = try? JSONDecoder().decode([StoredSite].self, from: Data(text.utf8))
        return stored?.map(\.site)
    }

    /// One site as it is stored.
    private struct StoredSite: Decodable {
        let site: Crystal.Site

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            let wyckoff = try container.decode(Int.self)
            let symbol = try container.decode(String.self)
            guard let element = Element(symbol: symbol) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(symbol) is not an element")
            }
            var position = SIMD3<Double>()
            for axis in 0..<3 { position[axis] = try container.decode(Double?.self) ?? .nan }
            site = Crystal.Site(wyckoff: wyckoff, element: element, position: position)
        }
    }
}

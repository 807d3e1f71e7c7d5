import Archive
import Base
import Crystals
import Foundation
import Potentials
import StructureFiles
import Trajectories

/// A crystal of a run as it is written: one geometry with its energies, and where it is from.
struct ExportRecord: Sendable {
    /// Which geometry is wanted.
    enum Geometry: String, CaseIterable {
        case sampled, relaxed
    }

    /// A name that no other run has.
    let id: String
    let crystal: Crystal
    /// What is known of it, in the order of writing; numbers in eV, eV/atom and Å.
    private(set) var fields: JSONFields
    /// Whether it was relaxed, and is written as it was sampled: its numbers are those of `Measurement.asSampled`.
    let isAsSampled: Bool
    /// Of the written geometry, eV/atom; nil where the run has none.
    private let energyPerAtom: Double?
    /// What a potential says of the written cell; nil if none was asked.
    private(set) var evaluation: PotentialEvaluation?

    /// - Parameter geometry: that of the relaxation, where there was one, or that which was sampled.
    init(_ archived: ArchivedCrystal, run: String, geometry: Geometry) {
        let quantities = archived.measurement
        let relaxed = quantities.relaxed.flatMap { $0.positions.count == archived.crystal.sites.count ? $0 : nil }
        let isRelaxed = relaxed != nil && geometry == .relaxed
        id = "\(run)-\(archived.id)"
        crystal = isRelaxed ? relaxed?.applied(to: archived.crystal) ?? archived.crystal : archived.crystal
        var fields: JSONFields = [
            ("run", .text(run)), ("formula", .text(archived.formula)),
            ("space_group", .integer(archived.crystal.spaceGroup.number)),
            ("geometry", .text(isRelaxed ? "relaxed" : "sampled")),
        ]
        // Numbers are those of the written geometry; what belongs to the other one is named after it.
        isAsSampled = relaxed != nil && !isRelaxed
        let numbers = isAsSampled ? quantities.asSampled : quantities.values
        energyPerAtom = numbers[.energyPerAtom]
        for (quantity, value) in numbers.sorted(by: { $0.key < $1.key }) {
            fields.append((quantity.rawValue, .number(value)))
        }
        let lineage = archived.lineage
        fields += [
            ("outcome", .text(archived.outcome.rawValue)), ("engine", .text(lineage.potential)),
            ("hull", .text(lineage.hull)), ("version", .integer(archived.id.version.number)),
            ("unit", .integer(archived.id.unit)), ("crystal_index", .integer(archived.id.index)),
            ("seed", .text("\(lineage.seed)")), ("policy", .text(lineage.policyDigest)),
            ("actor", .text(lineage.actor)), ("logp", .number(archived.logProbability.total)),
            ("reference_logp", .number(archived.referenceLogProbability.total)),
            ("created_at", .text(archived.createdAt.formatted(.iso8601))),
        ]
        if let worker = lineage.worker { fields.append(("worker", .text(worker))) }
        if let reward = archived.reward { fields.append(("reward", .number(reward))) }
        if let step = archived.trainedAt { fields.append(("trained_at", .integer(step.number))) }
        if let reason = archived.reason { fields.append(("reason", .text(reason))) }
        self.fields = fields
    }

    /// The record with what a potential says of the written cell.
    func with(_ evaluation: PotentialEvaluation, by potential: String) -> ExportRecord {
        var record = self
        record.evaluation = evaluation
        record.fields.append(("evaluated_by", .text(potential)))
        return record
    }

    /// The record with the id of the known crystal that it equals; null for a novel one.
    func with(_ novelty: ExportScreen.Novelty) -> ExportRecord {
        var record = self
        record.fields.removeAll { $0.key == "known" }
        let known: JSONValue = if case .known(let id) = novelty { .text(id) } else { .number(.nan) }
        record.fields.append(("known", known))
        return record
    }

    /// The record with further numbers; those that it has by these names stay.
    func with(_ numbers: [(name: String, value: Double)]) -> ExportRecord {
        var record = self
        for (name, value) in numbers where !record.fields.contains(where: { $0.key == name }) {
            record.fields.append((name, .number(value)))
        }
        return record
    }

    /// The energy of a cell of some atoms in the written geometry, eV: the potential's that was asked, else the run's.
    func energy(ofAtoms count: Int) -> Double? {
        (evaluation?.energyPerAtom ?? energyPerAtom).map { $0 * Double(count) }
    }
}

extension JSONValue {
    /// The value as the text of a table or a header; empty for what has none.
    var plainText: String {
        if case .text(let text) = self { return text }
        return line == "null" ? "" : line
    }
}

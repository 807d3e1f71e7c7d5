import Base
import Crystals
import Foundation
import StructureFiles

/// Writes the crystals of data sets as a table that trainings read, and keeps count.
final class IngestionTable {
    private let output: OutputFile
    private let refused: OutputFile?
    private let hasSplits: Bool
    private(set) var summary = IngestionSummary()

    /// - Parameters:
    ///   - path: `.csv` or `.csv.gz`.
    ///   - refused: a table of what was not taken; nil for none.
    ///   - columns: kept beside the crystals.
    ///   - hasSplits: whether there is a column of the parts of the data set.
    init(path: String, refused: String?, columns: [String], hasSplits: Bool) throws {
        output = try OutputFile(path: path)
        self.refused = try refused.map { try OutputFile(path: $0) }
        self.hasSplits = hasSplits
        let names = ["material_id", "formula", "spacegroup", "stated_spacegroup", "n_atoms", "n_sites"]
        try output.write(Self.row(names + (hasSplits ? ["split"] : []) + columns + ["cif"]))
        try self.refused?.write(Self.row(["file", "material_id", "reason", "detail"]))
    }

    func add(_ result: Result<CrystalIngestion.Taken, CrystalIngestion.Refused>) throws {
        switch result {
        case .success(let taken):
            let (crystal, source) = (taken.crystal, taken.source)
            let fields = [
                source.id, crystal.composition.reducedFormula, "\(crystal.spaceGroup.number)",
                source.statedGroup.map { "\($0.number)" } ?? "", "\(taken.atomCount)", "\(crystal.sites.count)",
            ]
            let cif = try StructureWriter.cif(crystal, id: source.id)
            try output.write(Self.row(fields + (hasSplits ? [source.split] : []) + source.values + [cif]))
            summary.add(taken)
        case .failure(let refusal):
            try refused?.write(Self.row([refusal.place, refusal.id, refusal.reason, refusal.detail]))
            summary.add(refusal)
        }
    }

    /// Ends the files; a table without crystals is not left behind.
    func finish() throws {
        try refused?.finish()
        if summary.taken > 0 { try output.finish() }
    }

    private static func row(_ fields: [String]) -> [UInt8] {
        Array((fields.map(StructureWriter.csvField).joined(separator: ",") + "\n").utf8)
    }
}

/// What became of the structures of data sets.
struct IngestionSummary: Codable, Equatable {
    private(set) var taken = 0
    /// By reason.
    private(set) var refused: [String: Int] = [:]
    /// The first refusal, with its file.
    private(set) var firstRefusal: String?
    /// Crystals in the space group that their file states, in another, and such of which the file states P1 or nothing.
    private(set) var statedGroup = Groups()
    /// By part of the data set; "" where nothing tells one.
    private(set) var splits: [String: Int] = [:]
    private(set) var spaceGroups: [String: Int] = [:]
    /// Files of folders and archives whose names tell no format.
    var passedOver = 0

    struct Groups: Codable, Equatable {
        var found = 0
        var another = 0
        var none = 0

        enum CodingKeys: String, CodingKey {
            case found = "same"
            case another = "other"
            case none = "p1_or_none"
        }
    }

    enum CodingKeys: String, CodingKey {
        case taken, refused, splits
        case firstRefusal = "first_refusal"
        case statedGroup = "stated_space_group"
        case spaceGroups = "space_groups"
        case passedOver = "passed_over"
    }

    mutating func add(_ crystal: CrystalIngestion.Taken) {
        taken += 1
        splits[crystal.source.split, default: 0] += 1
        let group = crystal.crystal.spaceGroup.number
        spaceGroups["\(group)", default: 0] += 1
        switch crystal.source.statedGroup?.number {
        case nil, 1: statedGroup.none += 1
        case group: statedGroup.found += 1
        default: statedGroup.another += 1
        }
    }

    mutating func add(_ refusal: CrystalIngestion.Refused) {
        refused[refusal.reason, default: 0] += 1
        if firstRefusal == nil { firstRefusal = "\(refusal.place): \(refusal.detail)" }
    }

    var refusedCount: Int { refused.values.reduce(0, +) }

    /// The summary for people, a line each.
    var lines: [String] {
        var lines = [
            "\(taken) of \(taken + refusedCount) structures taken, in \(spaceGroups.count) space groups",
            "\(statedGroup.found) have the space group that their file states, \(statedGroup.another) another, of "
                + "\(statedGroup.none) the file states P1 or none",
        ]
        if splits.keys.contains(where: { !$0.isEmpty }) {
            let parts = splits.sorted { $0.key < $1.key }.map { "\($0.key.isEmpty ? "none" : $0.key) \($0.value)" }
            lines.append("split: \(parts.joined(separator: ", "))")
        }
        if passedOver > 0 { lines.append("\(passedOver) files passed over: of no known format, or without structures") }
        guard refusedCount > 0 else { return lines }
        let reasons = refused.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        lines.append("\(refusedCount) refused: \(reasons.joined(separator: ", "))")
        if let firstRefusal { lines.append("the first: \(firstRefusal)") }
        return lines
    }
}

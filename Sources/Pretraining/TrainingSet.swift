internal import Configuration
package import Crystals
package import Foundation
internal import StructureFiles

/// The crystals to train and to validate on.
package struct TrainingSet: Sendable {
    package var train: [Crystal] = []
    package var validation: [Crystal] = []
    /// Rows left out, by reason.
    package var skipped: [String: Int] = [:]
    /// Rows that state no symmetry but P1, by the number of the group that the search found.
    package private(set) var searched: [Int: Int] = [:]
    /// Crystals to validate on that are trained on as well: of the same `material_id`, or the same to the last bit.
    package private(set) var sharedCount = 0
    /// The ids of both parts, where tables have some.
    private var trainIDs: Set<String> = []
    private var validationIDs: [String?] = []

    package init() {}

    /// Reads tables with a `cif` column.
    ///
    /// - Parameters:
    ///   - files: to train on; the rows of a table with a `split` column go where it says (`train`, `val`).
    ///   - validation: to validate on, every row.
    ///   - symmetryTolerance: Å, of the search where a file states no symmetry but P1.
    /// - Throws: an error that names the file, or the lack of usable rows; also where a file is named twice, or the
    ///   table itself and `validation` both say what to validate on.
    package static func read(
        _ files: [URL], validation: [URL] = [], maximumSites: Int, symmetryTolerance: Double = 0.01, threads: Int
    ) throws -> TrainingSet {
        var set = TrainingSet()
        try refuseRepeats(files + validation)
        func add(_ file: URL, part: String?) throws {
            try naming(file) { () throws(StructureFileError) in
                let hasIDs = try CSVReader(path: file.path).firstColumn("material_id") != nil
                try CrystalDataset.forEachBatch(
                    path: file.path, columns: part == nil ? ["split"] : [], tolerance: symmetryTolerance,
                    threads: threads
                ) { entries in
                    for entry in entries {
                        set.add(
                            entry, part: part ?? entry.values.first ?? "", hasID: hasIDs, maximumSites: maximumSites)
                    }
                }
            }
        }
        for file in files {
            let isDivided = try naming(file) { () throws(StructureFileError) in
                try CSVReader(path: file.path).firstColumn("split") != nil
            }
            guard isDivided || !validation.isEmpty else {
                throw ConfigurationError(
                    source: file.path,
                    problems: [
                        "has no column \"split\" (train, val): name the files to validate on in validation_data, and "
                            + "only those to train on in data"
                    ])
            }
            guard !isDivided || validation.isEmpty else {
                throw ConfigurationError(
                    source: file.path,
                    problems: [
                        "has a column \"split\" that says what to validate on, and validation_data is given as well: "
                            + "leave validation_data out, or name tables without the column in data"
                    ])
            }
            try add(file, part: isDivided ? nil : "train")
        }
        for file in validation { try add(file, part: "val") }
        guard !set.train.isEmpty, !set.validation.isEmpty else {
            throw ConfigurationError(
                source: (files + validation).map(\.path).joined(separator: ", "),
                problems: [
                    "no usable rows to train or to validate on (train \(set.train.count), "
                        + "val \(set.validation.count), \(set.skippedSummary))"
                ])
        }
        set.countShared()
        return set
    }

    private static func refuseRepeats(_ files: [URL]) throws {
        var seen: Set<String> = []
        for file in files where !seen.insert(file.resolvingSymlinksInPath().standardizedFileURL.path).inserted {
            throw ConfigurationError(
                source: file.path, problems: ["is named twice in data and validation_data: name each file once"])
        }
    }

    private mutating func countShared() {
        let known = Set(train)
        sharedCount = zip(validation, validationIDs).count { crystal, id in
            id.map(trainIDs.contains) ?? false || known.contains(crystal)
        }
        (trainIDs, validationIDs) = ([], [])
    }

    /// Gives an error about the text of a file the file's name.
    private static func naming<Value>(
        _ file: URL, _ read: () throws(StructureFileError) -> Value
    ) throws -> Value {
        do throws(StructureFileError) {
            return try read()
        } catch {
            switch error {
            case .malformed, .missingColumn, .missingNumber:
                throw ConfigurationError(source: file.path, problems: [error.description])
            default: throw error
            }
        }
    }

    private mutating func add(_ entry: CrystalDataset.Entry, part: String, hasID: Bool, maximumSites: Int) {
        let part = TrainingSet.parts[part.split(whereSeparator: \.isWhitespace).joined().lowercased()] ?? part
        switch entry.crystal {
        case .failure(let error): skipped[TrainingSet.reason(error), default: 0] += 1
        case .success(let crystal):
            if entry.isSearched { searched[crystal.spaceGroup.number, default: 0] += 1 }
            // One site must be left for the end, as in the reference.
            if crystal.sites.count >= maximumSites {
                skipped["too many sites", default: 0] += 1
            } else if part == "train" {
                train.append(crystal)
                if hasID { trainIDs.insert(entry.id) }
            } else if part == "val" {
                validation.append(crystal)
                validationIDs.append(hasID ? entry.id : nil)
            } else {
                skipped["other split", default: 0] += 1
            }
        }
    }

    /// What tables call the parts.
    private static let parts = [
        "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    ]

    /// The kind of an error, without what differs from row to row.
    private static func reason(_ error: StructureFileError) -> String {
        switch error {
        case .cif(let problem, _): problem.rawValue
        case .symmetry: "no symmetry found"
        case .crystal: "no possible crystal"
        default: "unreadable"
        }
    }

    /// What the search of symmetry found; nil if no row needed one.
    package var searchSummary: String? {
        let total = searched.values.reduce(0, +)
        guard total > 0 else { return nil }
        let groups = searched.filter { $0.key > 1 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let found = groups.reduce(0) { $0 + $1.value }
        let shown = groups.prefix(8).map { "\($0.value) of group \($0.key)" }.joined(separator: ", ")
        let rest = groups.dropFirst(8)
        return "symmetry was searched for \(total) rows that state none but P1, and \(found) have more"
            + (shown.isEmpty ? "" : ": \(shown)")
            + (rest.isEmpty ? "" : ", \(rest.reduce(0) { $0 + $1.value }) of \(rest.count) other groups")
    }

    /// What is validated on although it is trained on; nil if nothing is.
    package var sharedSummary: String? {
        guard sharedCount > 0 else { return nil }
        return "\(sharedCount) of the \(validation.count) crystals to validate on are trained on as well (the same "
            + "material_id or the same structure): the validation loss is too low by them"
    }

    /// The rows left out, the most frequent reason first.
    package var skippedSummary: String {
        guard !skipped.isEmpty else { return "none left out" }
        return "left out: "
            + skipped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) (\($0.key))" }
            .joined(separator: ", ")
    }

    /// How often each space group occurs in the training part.
    package var spaceGroupCounts: [Int: Int] {
        var counts: [Int: Int] = [:]
        for crystal in train { counts[crystal.spaceGroup.number, default: 0] += 1 }
        return counts
    }
}

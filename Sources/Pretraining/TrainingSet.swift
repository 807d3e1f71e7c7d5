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

    package init() {}

    /// Reads tables with a `cif` column.
    ///
    /// - Parameters:
    ///   - files: to train on; the rows of a table with a `split` column go where it says (`train`, `val`).
    ///   - validation: to validate on, every row.
    ///   - symmetryTolerance: Å, of the search where a file states no symmetry but P1.
    /// - Throws: an error that names the file, or the lack of usable rows.
    package static func read(
        _ files: [URL], validation: [URL] = [], maximumSites: Int, symmetryTolerance: Double = 0.01, threads: Int
    ) throws -> TrainingSet {
        var set = TrainingSet()
        func add(_ file: URL, part: String?) throws {
            try CrystalDataset.forEachBatch(
                path: file.path, columns: part == nil ? ["split"] : [], tolerance: symmetryTolerance, threads: threads
            ) { entries in
                for entry in entries {
                    set.add(entry, part: part ?? entry.values.first ?? "", maximumSites: maximumSites)
                }
            }
        }
        for file in files {
            let isDivided = try CSVReader(path: file.path).header.contains("split")
            guard isDivided || !validation.isEmpty else {
                throw ConfigurationError(
                    source: file.path,
                    problems: [
                        "has no column \"split\" (train, val): name the files to validate on in validation_data, and "
                            + "only those to train on in data"
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
                        + "val \(set.validation.count), left out \(set.skipped))"
                ])
        }
        return set
    }

    private mutating func add(_ entry: CrystalDataset.Entry, part: String, maximumSites: Int) {
        switch entry.crystal {
        case .failure: skipped["unreadable", default: 0] += 1
        case .success(let crystal):
            // One site must be left for the end, as in the reference.
            if crystal.sites.count >= maximumSites {
                skipped["too many sites", default: 0] += 1
            } else if part == "train" {
                train.append(crystal)
            } else if part == "val" {
                validation.append(crystal)
            } else {
                skipped["other split", default: 0] += 1
            }
        }
    }

    /// How often each space group occurs in the training part.
    package var spaceGroupCounts: [Int: Int] {
        var counts: [Int: Int] = [:]
        for crystal in train { counts[crystal.spaceGroup.number, default: 0] += 1 }
        return counts
    }
}

package import Crystals
package import Foundation
internal import Policy

/// The crystals to train and to validate on.
package struct TrainingSet: Sendable {
    package var train: [Crystal] = []
    package var validation: [Crystal] = []
    /// Rows left out, by reason.
    package var skipped: [String: Int] = [:]

    package init() {}

    /// Reads tables with `cif` and `split` columns.
    ///
    /// - Throws: an error that names the file, or the lack of usable rows.
    package static func read(_ files: [URL], maximumSites: Int, threads: Int) throws -> TrainingSet {
        var set = TrainingSet()
        for file in files {
            try CrystalDataset.forEachBatch(path: file.path, columns: ["split"], threads: threads) { entries in
                for entry in entries { set.add(entry, maximumSites: maximumSites) }
            }
        }
        guard !set.train.isEmpty, !set.validation.isEmpty else {
            throw ConfigurationError(
                source: files.map(\.path).joined(separator: ", "),
                problems: [
                    "no usable rows with split train and val (train \(set.train.count), val \(set.validation.count), left out \(set.skipped))"
                ])
        }
        return set
    }

    private mutating func add(_ entry: CrystalDataset.Entry, maximumSites: Int) {
        switch entry.crystal {
        case .failure: skipped["unreadable", default: 0] += 1
        case .success(let crystal):
            // One site must be left for the end, as in the reference.
            if crystal.sites.count >= maximumSites {
                skipped["too many sites", default: 0] += 1
            } else if entry.values.first == "train" {
                train.append(crystal)
            } else if entry.values.first == "val" {
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

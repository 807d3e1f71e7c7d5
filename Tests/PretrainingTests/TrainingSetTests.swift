import Configuration
import Foundation
import Pretraining
import Testing

/// Tables as the data sets of the field are published.
struct TrainingSetTests {
    func table(_ path: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Fixtures/field/files/\(path)")
    }

    @Test func tableUnderP1_trainsOnTheGroupsFound() throws {
        let set = try TrainingSet.read([table("F01-p1-table/rocksalts.csv")], maximumSites: 21, threads: 1)
        #expect(set.spaceGroupCounts == [225: 4])
        #expect(set.validation.count == 2)
    }

    @Test func filesWithoutSplit_areDividedByFile() throws {
        let (train, validation) = (table("F02-three-files/train.csv"), table("F02-three-files/val.csv"))
        let set = try TrainingSet.read([train], validation: [validation], maximumSites: 21, threads: 1)
        #expect(set.train.count > 1)
        #expect(set.validation.count == 1)
        #expect(set.spaceGroupCounts == [225: set.train.count])
        let error = try #require(throws: ConfigurationError.self) {
            try TrainingSet.read([train, validation], maximumSites: 21, threads: 1)
        }
        #expect("\(error)".contains("validation_data"))
    }

    /// What is trained on is not validated on without a word.
    @Test func filesThatOverlap_areRefused() throws {
        let (train, validation) = (table("F02-three-files/train.csv"), table("F02-three-files/val.csv"))
        let divided = table("F01-p1-table/rocksalts.csv")
        let refused: [(files: [URL], validation: [URL], message: String)] = [
            ([train], [train], "is named twice"), ([train, train], [validation], "is named twice"),
            ([train], [validation, validation], "is named twice"), ([divided], [validation], "a column \"split\""),
        ]
        for (files, validation, message) in refused {
            let error = try #require(throws: ConfigurationError.self) {
                try TrainingSet.read(files, validation: validation, maximumSites: 21, threads: 1)
            }
            #expect("\(error)".contains(message), "\(error)")
        }
        let apart = try TrainingSet.read([train], validation: [validation], maximumSites: 21, threads: 1)
        #expect(apart.sharedCount == 0 && apart.sharedSummary == nil)
    }

    /// The same crystal under another file name, and another one under the same id.
    @Test func rowsOfBothParts_areCounted() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-shared-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let train = table("F02-three-files/train.csv")
        let copy = folder.appending(path: "copy.csv")
        try FileManager.default.copyItem(at: train, to: copy)
        let set = try TrainingSet.read([train], validation: [copy], maximumSites: 21, threads: 1)
        #expect(set.sharedCount == set.validation.count && set.sharedCount > 0)
    }

    @Test func brokenTable_isNamed() throws {
        let train = table("F02-three-files/train.csv")
        let broken = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: broken) }
        for (text, reason) in [("cif,split\n\"data_x,train\n", "never closed"), ("a,split\n1,train\n", "\"cif\"")] {
            try Data(text.utf8).write(to: broken)
            for files in [([broken], []), ([train], [broken])] {
                let error = try #require(throws: ConfigurationError.self) {
                    try TrainingSet.read(files.0, validation: files.1, maximumSites: 21, threads: 1)
                }
                #expect("\(error)".hasPrefix("\(broken.path): ") && "\(error)".contains(reason), "\(error)")
            }
        }
    }
}

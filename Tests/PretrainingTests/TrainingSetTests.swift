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
}

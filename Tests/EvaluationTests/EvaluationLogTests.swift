import Evaluation
import Foundation
import Testing

/// What an interrupted evaluation leaves behind.
@Suite struct EvaluationLogTests {
    private func crystal(_ id: String) throws -> EvaluatedCrystal {
        try JSONDecoder().decode(
            EvaluatedCrystal.self, from: Data("{\"id\":\"\(id)\",\"formula\":\"\",\"elements\":[]}".utf8))
    }

    private func withFile(_ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    @Test func log_openedAgain_knowsItsCrystals() throws {
        try withFile { url in
            try EvaluationLog(url, settings: "s").append([crystal("a"), crystal("b")])
            let again = try EvaluationLog(url, settings: "s")
            #expect(again.count == 2)
            try again.append([crystal("c")])
            #expect(try EvaluationLog(url, settings: "s").count == 3)
        }
    }

    /// A process killed in mid-line, at every byte.
    @Test func log_cutShort_knowsWhatIsWhole() throws {
        try withFile { url in
            try EvaluationLog(url, settings: "s").append([crystal("a"), crystal("b")])
            let whole = try Data(contentsOf: url)
            let header = (whole.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 1
            for length in 0...whole.count {
                try whole.prefix(length).write(to: url)
                let log = try EvaluationLog(url, settings: "s")
                #expect(log.count == whole[..<length].dropFirst(header).count { $0 == UInt8(ascii: "\n") })
                try log.append([crystal("z")])
                #expect(try EvaluationLog(url, settings: "s").count == log.count + 1)
            }
        }
    }

    @Test func log_ofAnotherEvaluationOrNone_isRefusedAndLeftAsItIs() throws {
        try withFile { url in
            try EvaluationLog(url, settings: "seed 1").append([crystal("a")])
            let error = #expect(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: "seed 2") }
            #expect(error?.description.contains("another evaluation (seed 1)") == true)
            #expect(try EvaluationLog(url, settings: "seed 1").count == 1)
            try Data("my notes\n".utf8).write(to: url)
            #expect(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: "seed 1") }
            #expect(try String(contentsOf: url, encoding: .utf8) == "my notes\n")
        }
    }
}

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
            do {
                let again = try EvaluationLog(url, settings: "s")
                #expect(again.count == 2)
                try again.append([crystal("c")])
            }
            #expect(try EvaluationLog(url, settings: "s").count == 3)
        }
    }

    /// Two evaluations into one folder would write over each other's lines.
    @Test func log_thatIsOpen_isRefused() throws {
        try withFile { url in
            let log = try EvaluationLog(url, settings: "s")
            let error = #expect(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: "s") }
            #expect(error?.description.contains("is in use by another evaluation") == true)
            try log.append([crystal("a")])
        }
    }

    @Test func log_ofAnotherJudge_isRefused() throws {
        try withFile { url in
            for _ in 0..<2 {
                let log = try EvaluationLog(url, settings: "s")
                #expect(log.damagedLines == 0)
                try log.note(judge: "mace 1, raw-pbe")
                let error = #expect(throws: EvaluationLog.Problem.self) { try log.note(judge: "mace 2, raw-pbe") }
                #expect(error?.description.contains("second judge was mace 1, raw-pbe, and is mace 2") == true)
            }
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
                let count = whole[..<length].dropFirst(header).count { $0 == UInt8(ascii: "\n") }
                do {
                    let log = try EvaluationLog(url, settings: "s")
                    #expect(log.count == count)
                    try log.append([crystal("z")])
                }
                #expect(try EvaluationLog(url, settings: "s").count == count + 1)
            }
        }
    }

    /// What stands after a damaged line was measured all the same.
    @Test func log_withADamagedLine_keepsAllOthers() throws {
        try withFile { url in
            try EvaluationLog(url, settings: "s").append([crystal("a"), crystal("b"), crystal("c")])
            let whole = try String(contentsOf: url, encoding: .utf8)
            try Data(whole.replacing("\"id\":\"b\"", with: "\0\0\0").utf8).write(to: url)
            do {
                let log = try EvaluationLog(url, settings: "s")
                #expect(log.count == 2 && log.damagedLines == 1)
                try log.append([crystal("b")])
            }
            let again = try EvaluationLog(url, settings: "s")
            #expect(again.count == 3 && again.damagedLines == 1)
        }
    }

    /// Values that are printed with their types are told by what differs in them.
    @Test func log_ofOtherSettings_namesWhatDiffers() throws {
        try withFile { url in
            let (one, other) = (
                "seed 1, limits Limits(a: 0.5, b: 2), judge none", "seed 1, limits Limits(a: 0.6, b: 2)"
            )
            try EvaluationLog(url, settings: one).append([crystal("a")])
            let error = try #require(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: other) }
            #expect("\(error)".contains("there a: 0.5, judge none, here a: 0.6;"), "\(error)")
        }
    }

    @Test func folder_withAnothersFiles_isRefusedAndLeftAsItIs() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "folder-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try EvaluationFolder(folder, for: ["policy"]).write(
            [crystal("a")], name: "policy", tellsNovelty: true)
        _ = try EvaluationFolder(folder, for: ["policy"])
        let other = #expect(throws: EvaluationLog.Problem.self) { try EvaluationFolder(folder, for: ["structures"]) }
        #expect(other?.description.contains("holds the evaluation of other crystals") == true)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
        try Data("mine".utf8).write(to: folder.appending(path: "page.html"))
        let foreign = #expect(throws: EvaluationLog.Problem.self) { try EvaluationFolder(folder, for: ["policy"]) }
        #expect(foreign?.description.contains("holds a page.html and no evaluation") == true)
    }

    @Test func log_ofAnotherEvaluationOrNone_isRefusedAndLeftAsItIs() throws {
        try withFile { url in
            try EvaluationLog(url, settings: "seed 1").append([crystal("a")])
            let error = #expect(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: "seed 2") }
            #expect(error?.description.contains("another evaluation: there seed 1, here seed 2;") == true)
            #expect(try EvaluationLog(url, settings: "seed 1").count == 1)
            try Data("my notes\n".utf8).write(to: url)
            #expect(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: "seed 1") }
            #expect(try String(contentsOf: url, encoding: .utf8) == "my notes\n")
        }
    }
}

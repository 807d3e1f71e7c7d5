import Foundation
import ProgramFixtures
import Testing

/// What all commands have in common.
@Suite struct CommandBehaviourTests {
    @Test func files_thatGiveNothing_failWithOneClearLine() throws {
        let folder = try TemporaryFolder()
        let hollow = folder.url.appending(path: "folder")
        try FileManager.default.createDirectory(at: hollow, withIntermediateDirectories: true)
        let cases = try [
            (folder.path("missing.cif"), "no such file"), (hollow.path, "no file in it"),
            (folder.file("empty.jsonl", ""), "no structures"), (folder.file("empty.extxyz", ""), "no structures"),
            (folder.file("empty.cif", ""), "no data block"), (folder.file("empty.csv", ""), "empty"),
            (folder.file("notes.txt", "hello"), "format"), (folder.file("prose.cif", "not a cif"), "CIF"),
            (folder.file("packed.cif.gz", "not packed"), "damaged"),
        ]
        for (path, words) in cases {
            for command in ["tokens", "energy", "hull"] {
                let outcome = try DruseProcess.run([command, path, "--json"])
                #expect(outcome.status == 1)
                #expect(outcome.messageLines.count == 1)
                #expect(outcome.messages.hasPrefix("Error: "))
                #expect(outcome.messages.contains(words), "\(command) \(path)")
                #expect(try outcome.objects().map { Set($0.keys) } == [["id", "error"]])
            }
        }
    }

    @Test func inputs_thatFailInPart_leaveTheOthers() throws {
        let folder = try TemporaryFolder()
        let salt = try folder.file("salt.jsonl", CommandFixtures.rockSalt)
        let outcome = try DruseProcess.run(["tokens", salt, folder.path("missing.cif"), salt, "--json"])
        #expect(outcome.status == 0)
        #expect(try outcome.objects().map { $0["id"] as? String } == ["salt", "missing.cif", "salt"])
        #expect(outcome.messageLines.count == 1)
        #expect(outcome.messages.hasPrefix("1 of 3 inputs failed"))
    }

    @Test func numbers_thatAreNotFinite_areRefused() throws {
        let lines = ["NaN", "1e999", "-5", "\"x\"", "0"].map {
            CommandFixtures.rockSalt.replacingOccurrences(of: "[5.64,", with: "[\($0),")
        }.joined()
        let outcome = try DruseProcess.run(["tokens", "-", "--json"], input: lines)
        #expect(outcome.status == 1)
        #expect(try outcome.objects().allSatisfy { $0["error"] is String })
        #expect(try outcome.objects().count == 5)
    }

    @Test func reader_thatGoesAway_isNoError() throws {
        let outcome = try DruseProcess.runShell(
            #"{ "$DRUSE" "$@"; echo "status $?" >&2; } | head -n 1"#,
            arguments: ["sample"] + CommandFixtures.policy("tiny") + ["--space-group", "225", "--count", "100000"])
        #expect(outcome.messages == "status 0\n")
        #expect(outcome.output.hasPrefix(#"{"id":"sample-0""#))
    }

    @Test func disk_thatIsFull_isAnError() throws {
        let outcome = try DruseProcess.runShell(
            #""$DRUSE" "$@" > /dev/full"#,
            arguments: ["sample"] + CommandFixtures.policy("tiny") + ["--space-group", "225", "--count", "3"])
        #expect(outcome.status == 1)
        #expect(outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("stdout"))
    }

    @Test(arguments: [
        ["tokens"], ["energy"], ["hull"], ["score"], ["frobnicate"], ["tokens", "-", "--threads", "0"],
        ["tokens", "-", "--input-format", "foo"], ["tokens", "-", "--symprec", "nan"],
        ["score", "-", "--policy-config", "config.json"],
    ])
    func arguments_thatAreWrong_areUsageErrors(arguments: [String]) throws {
        let outcome = try DruseProcess.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
    }

    @Test func formats_areTakenFromTheOption() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("cells.data", CommandFixtures.rockSalt)
        #expect(try DruseProcess.run(["tokens", file]).status == 1)
        #expect(try DruseProcess.run(["tokens", file, "--input-format", "jsonl"]).status == 0)
    }
}

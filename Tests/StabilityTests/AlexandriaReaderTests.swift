import Base
import Crystals
import Foundation
import Stability
import Testing

@Suite struct AlexandriaReaderTests {
    private func open(_ text: String, name: String = "entries.json") throws -> HullReference {
        try withFile(Data(text.utf8), name: name) { try HullReference.open($0) }
    }

    private let iron = "{\"composition\": {\"Fe\": 2}, \"energy\": -16.5, \"correction\": 0.5, \"entry_id\": \"fe-07\"}"

    @Test func open_ofUnknownKeysAndStructures_skipsThem() throws {
        let reference = try open(
            """
            {"@module": ["x", {"y": null}], "entries": [
              {"structure": {"sites": [{"label": "Fe \\"}]{", "abc": [0.1, -2e-3, 0]}], "charge": null}, "data": {},
               "composition": {"Fe": 2.0, "O": 0}, "energy": -1.65e1, "correction": 0.5, "entry_id": "fe-07"},
              {"composition": {"O": 2}, "energy": -10, "entry_id": null},
              {"composition": {"\\u004f": 1, "Fe": 1}, "energy": -15, "correction": null, "entry_id": 12}
            ], "after": false}
            """)
        #expect(reference.sourceEntryCount == 3)
        #expect(reference.elements.map(\.symbol) == ["O", "Fe"])
        let iron = try #require(reference.lowestEntry(of: composition(["Fe": 1])))
        #expect(iron.id == "fe-07")
        #expect(iron.energyPerAtom == -8)
        #expect(reference.lowestEntry(of: try composition(["O": 5]))?.id == "entry-1")
        #expect(reference.lowestEntry(of: try composition(["O": 3, "Fe": 3]))?.id == "12")
        #expect(reference.lowestEntry(of: try composition(["O": 3, "Fe": 2])) == nil)
    }

    @Test func open_ofSeveralPolymorphs_keepsTheLowest() throws {
        let reference = try open(
            """
            {"entries":[{"composition":{"Si":2},"energy":-10,"entry_id":"a"},{"composition":{"Si":1},"energy":-5.5,
            "entry_id":"b"},{"composition":{"Si":4},"energy":-22,"entry_id":"c"}]}
            """)
        #expect(reference.compoundCount == 1)
        #expect(reference.sourceEntryCount == 3)
        #expect(reference.lowestEntry(of: try composition(["Si": 1]))?.id == "b")
    }

    @Test(arguments: [
        ("{\"entries\": [IRON, {\"composition\": {\"Xx\": 1}, \"energy\": 1}]}", 1, "'Xx'"),
        ("{\"entries\": [{\"composition\": {\"Fe\": -1}, \"energy\": 1}]}", 0, "Fe"),
        ("{\"entries\": [{\"composition\": {\"Fe\": NaN}, \"energy\": 1}]}", 0, "Fe"),
        ("{\"entries\": [{\"composition\": {}, \"energy\": 1}]}", 0, "no atoms"),
        ("{\"entries\": [IRON, IRON, {\"energy\": 1}]}", 2, "composition"),
        ("{\"entries\": [{\"composition\": {\"Fe\": 1}}]}", 0, "energy"),
        ("{\"entries\": [{\"composition\": {\"Fe\": 1}, \"energy\": null}]}", 0, "energy"),
        ("{\"entries\": [{\"composition\": {\"Fe\": 1}, \"energy\": NaN}]}", 0, "finite"),
        ("{\"entries\": [{\"composition\": {\"Fe\": 1}, \"energy\": 1, \"correction\": -Infinity}]}", 0, "finite"),
        ("{\"entries\": [{\"composition\": {\"Fe\": 1}, \"energy\": 1e999}]}", 0, "finite"),
    ])
    func open_ofUnusableEntry_namesItsIndex(text: String, index: Int, word: String) throws {
        let thrown = #expect(throws: HullError.self) {
            try open(text.replacingOccurrences(of: "IRON", with: iron))
        }
        guard case .invalidEntry(_, index, let reason) = thrown else {
            Issue.record("\(String(describing: thrown))")
            return
        }
        #expect(reason.contains(word))
    }

    @Test(arguments: [
        "", "[", "null", "{", "{\"entries\"", "{\"entries\": {}}", "{\"entries\": [1]}", "{\"entries\": [IRON",
        "{\"entries\": [IRON}", "{\"entries\": [IRON IRON]}", "{\"entries\": [IRON]} x",
        "{\"entries\": [{\"composition\": [], \"energy\": 1}]}", "{\"entries\": [{\"composition\": {\"Fe\": \"1\"}}]}",
        "{\"entries\": [{\"energy\": --1}]}", "{\"entries\": [{\"energy\": 1.2.3}]}", "{\"entries\": [{\"x\": }]}",
        "{\"entries\": [{\"x\": [1, 2}]}", "{\"a\": \"\\", "{\"entries\": [{\"entry_id\": \"\\u12\"}]}",
    ])
    func open_ofDamagedText_throwsMalformed(text: String) throws {
        let thrown = #expect(throws: HullError.self) {
            try open(text.replacingOccurrences(of: "IRON", with: iron))
        }
        guard case .malformed(_, let offset, let reason) = thrown else {
            Issue.record("\(text): \(String(describing: thrown))")
            return
        }
        #expect(offset <= text.replacingOccurrences(of: "IRON", with: iron).utf8.count)
        #expect(!reason.isEmpty)
    }

    @Test func open_ofEveryTruncation_throws() throws {
        let text = "{\"a\": [true, {\"b\": -1.5e3}], \"entries\": [\(iron)]}"
        for length in 0..<text.utf8.count {
            #expect(throws: HullError.self) { try open(String(text.prefix(length))) }
        }
        #expect(try open(text).compoundCount == 1)
    }

    @Test func open_ofDeepNesting_isRefused() throws {
        let text = "{\"x\": " + String(repeating: "[", count: 100_000)
        let thrown = #expect(throws: HullError.self) { try open(text) }
        #expect(thrown?.description.contains("nested") == true)
    }

    @Test func open_ofHugeString_isRefused() throws {
        let text = "{\"entries\": [{\"entry_id\": \"" + String(repeating: "a", count: 100_000) + "\"}]}"
        let thrown = #expect(throws: HullError.self) { try open(text) }
        #expect(thrown?.description.contains("longer") == true)
    }

    @Test func open_ofNoEntries_saysSo() throws {
        for text in ["{}", "{\"entries\": []}", "{\"rows\": [1, 2]}"] {
            let thrown = #expect(throws: HullError.self) { try open(text) }
            guard case .noEntries = thrown else {
                Issue.record("\(text): \(String(describing: thrown))")
                continue
            }
        }
    }

    @Test func open_ofMissingFile_saysSo() throws {
        let thrown = #expect(throws: HullError.self) { try HullReference.open(URL(filePath: "/nowhere/hull.json")) }
        guard case .file(.unreadable) = thrown else {
            Issue.record("\(String(describing: thrown))")
            return
        }
    }

    @Test func open_ofFalselyNamedFile_saysSo() throws {
        let thrown = #expect(throws: HullError.self) { try open("{\"entries\": [\(iron)]}", name: "hull.json.bz2") }
        #expect(thrown?.description.contains("bzip2") == true)
    }

    @Test func open_ofTruncatedArchive_saysSo() throws {
        let whole = try Data(contentsOf: fixtures.appending(path: "physics/hull/reference.json.bz2"))
        for length in [4, 100, whole.count / 2, whole.count - 1] {
            try withFile(whole.prefix(length), name: "hull.json.bz2") { url in
                #expect(throws: HullError.file(.truncated(path: url.path, format: .bzip2))) {
                    try HullReference.open(url)
                }
            }
        }
        var damaged = whole
        for index in 1000..<1100 { damaged[index] ^= 0x55 }
        try withFile(damaged, name: "hull.json.bz2") { url in
            #expect(throws: HullError.file(.damaged(path: url.path, format: .bzip2))) { try HullReference.open(url) }
        }
    }
}

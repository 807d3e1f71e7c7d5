import Configuration
import Foundation
import Testing

/// Files that cannot be read or understood are refused in one line, in our words.
@Suite struct ConfigurationLoaderTests {
    private func refusal(_ content: Data?) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
        try content?.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(ToySection.self, from: file)
        }
        #expect("\(error)".hasPrefix("\(file.path): ") && !"\(error)".contains("\n"))
        return error.problems.joined()
    }

    @Test func files_thatAreNoUTF8_areRefused() throws {
        let text = "count: 4\n"
        for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
            #expect(try refusal(text.data(using: encoding)) == "is text in UTF-16 or UTF-32: save it as UTF-8")
        }
        #expect(try refusal(Data([0x63, 0xFF, 0x0A])) == "is not UTF-8 text: save it as UTF-8")
        #expect(try refusal(nil) == "cannot be read: no such file or folder")
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(ToySection.self, from: FileManager.default.temporaryDirectory)
        }
        #expect(error.problems == ["cannot be read: it is a folder"])
    }

    /// Ten lines of aliases that stand for ten to the tenth values.
    @Test func aliasesOfAliases_areRefusedBeforeTheyFillTheMemory() throws {
        let lines = (1...9).map { line in
            let names = Array(repeating: "*a\(line - 1)", count: 10).joined(separator: ", ")
            return "a\(line): &a\(line) [\(names)]"
        }
        let text = "a0: &a0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + lines.joined(separator: "\n")
        #expect(try refusal(Data(text.utf8)).hasPrefix("stands for more than 100000 values"))
        #expect(!ConfigurationLoader.holds("a9", in: text))
        for key in ["? *a9\n: 1", "*a9 : 1", "{*a9 : 1}", "{[*a9]: 1}", "b: {? *a9 : 1}", "? [*a9]\n: 1"] {
            #expect(try refusal(Data("\(text)\n\(key)".utf8)).contains("as a key; keys are names"), "\(key)")
        }
        // A few are as good as written out.
        let few = try ConfigurationLoader.parse(
            ToySection.self, text: "inner: {number: &n 3}\ncount: *n", source: "a.yaml")
        #expect(few.count == 3)
    }

    @Test func override_belowAValueThatIsNoTable_isRefused() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(
                ToySection.self, text: "inner: 3", source: "a.yaml",
                overrides: ConfigurationOverride.list(["inner.number=1"]))
        }
        #expect(
            error.problems.first
                == "inner.number (--set) cannot be set, since a.yaml has one value for the whole table: write the "
                + "table there")
    }

    @Test func holds_aKeyWithAValue_whereverItStands() {
        let text = "a: {b: 1}\nc:\n  d:\n    e: 2  # f: 3\n"
        for key in ["a", "a.b", "c.d.e"] { #expect(ConfigurationLoader.holds(key, in: text)) }
        for key in ["b", "e", "f", "c.d.f", "a.b.c"] { #expect(!ConfigurationLoader.holds(key, in: text)) }
        #expect(!ConfigurationLoader.holds("a", in: "a: [1"))
    }

    @Test func byteOrderMark_isNoPartOfTheText() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
        try Data([0xEF, 0xBB, 0xBF] + Array("count: 4\n".utf8)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try ConfigurationLoader.load(ToySection.self, from: file).count == 4)
    }

    @Test(arguments: [
        ("count: 10", "count (line 1) is 10; it must be 1 to 9"),
        ("count: four", "count (line 1) must be a whole number, not \"four\""),
        ("text: [a]", "text (line 1) must be text, not a list"),
        ("text: {a: b}", "text (line 1) must be text, not a table"),
        ("items: a", "items (line 1) must be a list, such as [first, second], not \"a\""),
        ("items: [a, ~]", "items[1] (line 1) has no value: write one, or leave the key out for the default"),
        ("inner: 3", "inner (line 1) must be a table of keys and values"),
        ("inner:\n  flag: yes", "inner.flag (line 2) is \"yes\": write true"),
        ("inner: {flag: \"true\"}", "inner.flag (line 1) is \"true\": write it without quotes"),
        ("inner:\n  nubmer: 3", "key inner.nubmer (line 2) is unknown: did you mean inner.number?"),
        ("number: 3", "key number (line 1) is unknown: did you mean inner.number?"),
        ("xyz: 3", "key xyz (line 1) is unknown; known here: count, file, inner, items, note, text"),
        ("- a", "the file (line 1) must be a table of keys and values"),
        ("inner: {number: -1}", "inner.number (line 1) is -1; it must be at least 0 eV"),
        ("inner: {number: nan}", "inner.number (line 1) must be a number, not \"nan\""),
    ])
    func mistake_isToldWithItsKeyAndLine(text: String, problem: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(ToySection.self, text: text, source: "a.yaml")
        }
        #expect(error.problems == [problem])
    }

    @Test func mistakes_areToldAllAtOnce() throws {
        let text = "count: x\ntext: [a]\ninner: {number: -1, flag: maybe, more: 1}\nitems: 3\n"
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(
                ToySection.self, text: text, source: "a.yaml", overrides: ConfigurationOverride.list(["note="]))
        }
        #expect(error.problems.count == 7, "\(error)")
    }

    @Test(arguments: ["a", "=3", "a..b=3", "a b=3", ".a=3"]) func setting_withoutKeyAndValue_isNone(text: String) {
        #expect(ConfigurationOverride(setting: text) == nil)
        #expect(ConfigurationOverride.problem(of: [text])?.contains("KEY=VALUE") == true)
    }

    @Test(arguments: ["[x", "{x", "a=b", "'q'", "# no comment"]) func setting_ofAText_isTakenAsItIs(text: String) throws
    {
        let section = try ConfigurationLoader.parse(
            ToySection.self, text: "", source: "a.yaml", overrides: ConfigurationOverride.list(["text=\(text)"]))
        #expect(section.text == text)
    }
}

import Configuration
import Foundation
import Testing
import Yams

/// What is written reads the same in every parser of YAML.
@Suite struct ConfigurationTextTests {
    /// YAML 1.1's forms of a number (yaml.org/type/float.html, int.html); the point and the sign of the exponent are
    /// what makes 3e-4 a text.
    private static func isNumberInYAML11(_ text: String) throws -> Bool {
        try Regex(#"[-+]?([0-9][0-9_]*)\.[0-9_]*([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"#)
            .wholeMatch(in: text) != nil
    }

    @Test(arguments: [
        (0.0003, "0.0003"), (3e-10, "0.0000000003"), (1e-300, "1.0e-300"), (1e16, "1.0e+16"), (2.5e22, "2.5e+22"),
        (10, "10.0"), (0.1, "0.1"), (-2e-5, "-0.00002"), (1.5e-7, "0.00000015"), (.infinity, ".inf"), (0, "0.0"),
        (1.0 / 3, "0.3333333333333333"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
        (12345.678, "12345.678"),
    ])
    func numbers_areDecimalsOfEveryVersion(value: Double, text: String) throws {
        #expect(value.yaml == text)
        #expect(try Self.isNumberInYAML11(text))
        let node = try #require(try Yams.compose(yaml: text))
        #expect(node.float == value)
        var section = ToySection()
        section.inner.number = value.magnitude
        guard value.isFinite else { return }
        let again = try ConfigurationLoader.parse(
            ToySection.self, text: ConfigurationText.yaml(section), source: "text")
        #expect(again == section)
    }

    @Test(arguments: [
        "true", "No", "on", "y", "null", "~", "0032", "3e-4", "1:30", "0x10", "1_000", "2026-11-27", ".inf", "NaN", "-",
        "=",
        "<<", "a: b", "a #b", "# a", "it's", "\"quoted\"", "two\nlines", "tab\there", " spaces ", "*alias", "&anchor",
        "!tag",
        "%directive", "@at", "`back`", "{a}", "[a]", "a, b", "-5", "+1", "1.5", "Å", "\u{7F}", "\u{2028}", "🙂", "\\",
        "tcp://127.0.0.1:0", "/path/to a/file.yaml", "?", "|", ">", "C:\\x",
    ])
    func texts_stayTexts(text: String) throws {
        var section = ToySection()
        section.text = text
        section.items = [text, text]
        let yaml = ConfigurationText.yaml(section)
        #expect(try ConfigurationLoader.parse(ToySection.self, text: yaml, source: "text") == section, "\(yaml)")
        // Another reader takes it for a text as well.
        let root = try #require(try Yams.load(yaml: yaml) as? [String: Any])
        #expect(root["text"] as? String == text, "\(yaml)")
        #expect(root["items"] as? [String] == [text, text])
    }

    @Test func text_hasUnitsAndWhatIsNotSet() {
        var section = ToySection()
        section.inner.number = 3e-4
        #expect(
            ConfigurationText.yaml(section) == """
                # All values in effect. What a key means: druse config KEY
                text: text
                file: embedded
                # note: nothing noted
                count: 3
                items: []
                inner:
                  number: 0.0003  # eV
                  flag: false

                """)
    }
}

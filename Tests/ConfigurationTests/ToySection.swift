import Configuration

/// A configuration with a key of each kind.
struct ToySection: ConfigurationSection, Equatable {
    struct Inner: ConfigurationSection, Equatable {
        var number = 0.5
        var flag = false

        static let keys: [ConfigurationKey<Inner>] = [
            .init("number", \.number, takes: .atLeast(0), unit: "eV", "a number"),
            .init("flag", \.flag, "a flag"),
        ]
    }

    var text = "text"
    var file = "embedded"
    var note: String?
    var count = 3
    var items: [String] = []
    var inner = Inner()

    static let keys: [ConfigurationKey<ToySection>] = [
        .init("text", \.text, "a text"),
        .init("file", \.file, "a file", onResume: .sameContents, files: .configuration(unless: ["embedded"])),
        .init("note", optional: \.note, absent: "nothing noted", "a note", onResume: .changes("at once")),
        .init("count", \.count, takes: .range(1...9), "a count"),
        .init("items", \.items, "some texts"),
        .init(section: "inner", \.inner),
    ]
}

/// What is told of keys: one explained in full, all of them as a table.
package enum KeyReference {
    /// A key in full: what it is, which values it takes, its default, whether it may change on resume.
    ///
    /// - Parameters:
    ///   - entry: the key in the configuration in effect.
    ///   - standard: the same key with its default.
    ///   - programs: which read it.
    package static func explanation(
        _ entry: KeyEntry, default standard: KeyEntry, of programs: String? = nil
    ) -> String {
        var rows = [("what", entry.help)]
        if let condition = entry.condition { rows.append(("where", condition)) }
        rows.append(("value", entry.applies ? shown(entry) : "of no meaning here"))
        rows.append(("default", shown(standard)))
        rows.append(("takes", kind(entry)))
        if let unit = entry.unit { rows.append(("unit", unit)) }
        rows.append(("on resume", entry.onResume.words))
        let items = entry.items.map { item in ("  \(item.path)", "\(item.help) [\(kind(item)); \(shown(item))]") }
        if !items.isEmpty { rows.append(("each item", "a table of these keys [what they take; default]")) }
        return
            ([entry.path + (programs.map { " (\($0))" } ?? "")]
            + (rows + items).map { "  \($0.0.padded(to: 11))\($0.1)" })
            .joined(separator: "\n")
    }

    /// A key of the items of a list in full: what it is, which values it takes, its default.
    ///
    /// - Parameter list: the key of the list.
    package static func explanation(
        _ entry: KeyEntry, default standard: KeyEntry, inListOf list: String
    ) -> String {
        let own = explanation(entry, default: standard).split(separator: "\n", omittingEmptySubsequences: false)
        return (["\(list)[].\(entry.path)"] + own.dropFirst().filter { !$0.hasPrefix("  value ") }.map(String.init))
            .joined(separator: "\n")
    }

    /// A table in Markdown of all keys of a configuration.
    package static func table<Section: ConfigurationSection>(_ type: Section.Type) -> String {
        let all = Section().entries().flatMap { entry in
            [(entry.path, entry)] + entry.items.map { ("\(entry.path)[].\($0.path)", $0) }
        }
        let rows = all.map { path, entry in
            [
                "`\(path)`", entry.value.map { "`\($0)`" } ?? entry.absent ?? "",
                [kind(entry), entry.unit].compactMap { $0 }.joined(separator: "; "),
                entry.help + (entry.condition.map { " (where \($0))" } ?? ""), entry.onResume.words,
            ]
        }
        let head = ["key", "default", "takes", "what", "changes on resume"]
        return ([head, head.map { _ in "---" }] + rows).map { "| \($0.map(cell).joined(separator: " | ")) |" }
            .joined(separator: "\n") + "\n"
    }

    private static func shown(_ entry: KeyEntry) -> String { entry.value ?? entry.absent ?? "none" }

    private static func kind(_ entry: KeyEntry) -> String {
        [entry.kind, entry.range].compactMap { $0 }.joined(separator: ", ")
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

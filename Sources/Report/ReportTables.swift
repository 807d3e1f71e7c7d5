import Archive
import Base

/// The tables of a report.
package enum ReportTables {
    /// Begin and end of the run side by side.
    static func periods(_ data: ReportData) -> String {
        let periods = [("before", data.before), ("after", data.after)].compactMap { name, period in
            period.map { (name, $0) }
        }
        guard !periods.isEmpty else { return "<p class=\"soft\">The run has no crystals yet.</p>" }
        func row(_ name: String, style: String = "", _ value: (ReportData.Period) -> String) -> String {
            let cells = periods.map { "<td\(style)>\(HTMLText.escape(value($0.1)))</td>" }.joined()
            return "<tr><td>\(HTMLText.escape(name))</td>\(cells)</tr>"
        }
        let head = periods.map { "<th>\($0.0)</th>" }.joined()
        return """
            <table><tr><th></th>\(head)</tr>
            \(row("crystals of", style: " style=\"white-space: normal\"") { $0.label })
            \(row("number") { HumanFormat.count($0.crystals) })
            \(row("stable") { "\(HumanFormat.percent($0.stableFraction)) ± \(HumanFormat.percent($0.stableError))" })
            \(row("valid") { HumanFormat.percent($0.validFraction) })
            \(row("unique") { $0.uniqueFraction.map(HumanFormat.percent) ?? "-" })
            \(row("space groups") { "\($0.spaceGroups)" })
            \(row("elements") { "\($0.elements)" })
            </table>
            """
    }

    /// How many crystals were scored, invalid and failed, by reason.
    static func outcomes(_ data: ReportData) -> String {
        let total = data.outcomes.reduce(0) { $0 + $1.count }
        guard total > 0 else { return "<p class=\"soft\">The run has no crystals yet.</p>" }
        let rows = data.outcomes.map { outcome in
            let share = Double(outcome.count) / Double(total)
            let name = outcome.reason.map { "\(outcome.outcome.rawValue): \(words($0))" } ?? outcome.outcome.rawValue
            let width = HumanFormat.fixed(share * 100, decimals: 1)
            return """
                <tr><td>\(HTMLText.escape(name))</td><td>\(HumanFormat.count(outcome.count))</td>\
                <td>\(HumanFormat.percent(share))</td>\
                <td class="barcell"><i class="bar \(outcome.outcome.rawValue)" style="width:\(width)%"></i></td></tr>
                """
        }
        return "<table>\(rows.joined(separator: "\n"))</table>"
    }

    /// A reason's code in words: "atomsTooClose" and "atoms_too_close" become "atoms too close".
    package static func words(_ code: String) -> String {
        var result = ""
        var wasLowercase = false
        for character in code {
            if character.isUppercase && wasLowercase { result += " " }
            wasLowercase = character.isLowercase
            result += character == "_" ? " " : character.lowercased()
        }
        return result
    }
}

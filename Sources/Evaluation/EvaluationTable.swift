internal import Base
internal import Foundation
package import Report

/// A readable table of one evaluation, or of two beside each other.
package struct EvaluationTable {
    private let columns: [(title: String, summary: EvaluationSummary)]

    package init(_ columns: [(title: String, summary: EvaluationSummary)]) { self.columns = columns }

    package var text: String {
        let rows: [(String, (EvaluationSummary) -> String)] = [
            ("samples", { "\($0.samples)" }),
            ("stable (all samples)", { Self.share($0.stableFraction, of: $0.samples) }),
            ("valid", { Self.share($0.validFraction, of: $0.samples) }),
            ("unique", { Self.share($0.uniqueFraction, of: $0.samples) }),
            ("space groups", { "\($0.spaceGroups)" }), ("elements", { "\($0.elements)" }),
        ]
        let titleWidth = rows.map(\.0.count).max() ?? 0
        let width = 18
        func pad(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        var lines = [String(repeating: " ", count: titleWidth) + columns.map { pad($0.title, width) }.joined()]
        for (title, value) in rows {
            lines.append(
                title + String(repeating: " ", count: titleWidth - title.count)
                    + columns.map { pad(value($0.summary), width) }.joined())
        }
        if columns.count == 2 { lines.append(Self.change(columns[0].summary, columns[1].summary)) }
        return lines.joined(separator: "\n")
    }

    /// A share in percent with its standard error.
    private static func share(_ value: Double, of count: Int) -> String {
        let error = (value * (1 - value) / Double(max(1, count))).squareRoot()
        return "\(HumanFormat.fixed(100 * value, decimals: 1)) ± \(HumanFormat.fixed(100 * error, decimals: 1)) %"
    }

    private static func change(_ before: EvaluationSummary, _ after: EvaluationSummary) -> String {
        func variance(_ summary: EvaluationSummary) -> Double {
            summary.stableFraction * (1 - summary.stableFraction) / Double(max(1, summary.samples))
        }
        let difference = after.stableFraction - before.stableFraction
        let error = (variance(before) + variance(after)).squareRoot()
        let sigmas = error > 0 ? HumanFormat.fixed(difference / error, decimals: 1) : "-"
        return
            "stable fraction: \(difference < 0 ? "" : "+")\(HumanFormat.fixed(100 * difference, decimals: 1)) points "
            + "(\(sigmas) standard errors)"
    }
}

internal import Base
internal import Foundation
package import Report

/// A readable table of one evaluation, or of two beside each other.
package struct EvaluationTable {
    private typealias Row = (title: String, value: (EvaluationFigures) -> String?)
    private typealias Verdicts = EvaluationFigures.Verdicts

    private let columns: [(title: String, figures: EvaluationFigures)]

    package init(_ columns: [(title: String, figures: EvaluationFigures)]) { self.columns = columns }

    package var text: String {
        let cells = rows.compactMap { row -> (title: String, values: [String])? in
            let values = columns.map { row.value($0.figures) }
            guard values.contains(where: { $0 != nil }) else { return nil }
            return (row.title, values.map { $0 ?? "-" })
        }
        let titleWidth = cells.map(\.title.count).max() ?? 0
        let widths = columns.indices.map { column in
            2 + ([columns[column].title] + cells.map { $0.values[column] }).reduce(0) { max($0, $1.count) }
        }
        func line(_ title: String, _ values: [String]) -> String {
            title + String(repeating: " ", count: titleWidth - title.count)
                + zip(values, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined()
        }
        var lines = [line("", columns.map(\.title))] + cells.map { line($0.title, $0.values) }
        if columns.count == 2 { lines += changes(columns[0].figures, columns[1].figures) }
        lines += warnings
        return lines.joined(separator: "\n")
    }

    private var rows: [Row] {
        [
            ("samples", { "\($0.samples)" }), ("valid", { Self.text($0.valid) }),
            ("composition valid", { Self.text($0.compositionValid) }),
        ] + verdicts("", \.asSampled) + verdicts(", relaxed", \.relaxed) + aims("", \.aims)
            + aims(", relaxed", \.relaxedAims)
            + [
                ("relaxations converged", { $0.relaxations.map { Self.text($0.converged) } }),
                ("space group kept", { $0.relaxations.map { Self.text($0.spaceGroupKept) } }),
                (
                    "displacement, mean and median",
                    {
                        $0.relaxations.map {
                            "\(Self.length($0.meanDisplacement)), \(Self.length($0.medianDisplacement)) Å"
                        }
                    }
                ),
                ("single elements", { Self.text($0.elemental) }), ("binary", { Self.text($0.binary) }),
                ("sparse hull: no verdict", { Self.text($0.sparse) }),
                ("second judge", { $0.secondOpinion?.judge }),
                ("    of crystals judged", { $0.secondOpinion.map { Self.text($0.measured) } }),
                ("stable by the judge's hull", { $0.secondOpinion?.stable.map(Self.text) }),
                (
                    "correlation of heights",
                    { $0.secondOpinion?.correlation.map { HumanFormat.fixed($0, decimals: 3) } }
                ),
                ("space groups", { "\($0.spaceGroups)" }), ("elements", { "\($0.elements)" }),
            ]
    }

    private func verdicts(_ form: String, _ path: @escaping (EvaluationFigures) -> Verdicts?) -> [Row] {
        let threshold = columns.first.map { HumanFormat.trimmed($0.figures.threshold) } ?? ""
        func row(_ title: String, _ share: @escaping (Verdicts) -> EvaluationFigures.Share?) -> Row {
            (title + form, { path($0).flatMap(share).map(Self.text) })
        }
        return [
            row("stable (\(threshold) eV/atom)", \.stable), row("on the hull", \.onHull), row("unique", \.unique),
            row("novel", \.novel), row("S.U.N. (\(threshold) eV/atom)", \.sun),
            row("S.U.N. on the hull", \.sunOnHull), row("S.U.N. above the hull", \.metastableSUN),
            row("0.1 below the hull: doubtful", \.farBelow),
        ]
    }

    /// The rows of the aims of a run, of one form.
    private func aims(_ form: String, _ path: @escaping (EvaluationFigures) -> AimFigures?) -> [Row] {
        var names: [(name: String, unit: String, wantsLow: Bool)] = []
        for number in columns.compactMap({ path($0.figures) }).flatMap(\.numbers)
        where !names.contains(where: { $0.name == number.name }) {
            let unit = number.unit.flatMap { $0 == "1" ? nil : ", \($0)" } ?? ""
            names.append((number.name, unit, number.wantsLow))
        }
        let rows = names.flatMap { name, unit, wantsLow -> [Row] in
            func number(_ figures: EvaluationFigures) -> AimFigures.Number? {
                path(figures)?.numbers.first { $0.name == name }
            }
            let percentile = wantsLow ? "5th percentile" : "95th percentile"
            return [
                (
                    "\(name)\(unit)\(form): median",
                    { figures in
                        number(figures).map { number in
                            number.all.map { "\(Self.text($0.median)) of \($0.count)" } ?? "none of \(figures.samples)"
                        }
                    }
                ),
                ("    \(percentile)", { number($0)?.all.map { Self.text($0.best) } }),
                ("    in the models' domain", { number($0)?.inDomain.map(Self.text) }),
                (
                    "    stable and in domain: median, \(percentile)",
                    {
                        number($0)?.sound.map {
                            "\(Self.text($0.median)), \(Self.text($0.best)) of \($0.count)"
                        }
                    }
                ),
            ]
        }
        guard let front = columns.lazy.compactMap({ path($0.figures)?.front }).first else { return rows }
        func volume(_ value: Double, _ crystals: Int) -> String {
            "\(HumanFormat.number(value)) by \(crystals) crystal\(crystals == 1 ? "" : "s")"
        }
        return rows + [
            (
                "hypervolume of \(front.axes.joined(separator: ", "))\(form)",
                { path($0)?.front.map { volume($0.hypervolume, $0.crystals) } }
            ),
            (
                "    of the stable in domain",
                { path($0)?.front.map { volume($0.soundHypervolume, $0.soundCrystals) } }
            ),
        ]
    }

    private static func text(_ quantile: AimFigures.Quantile) -> String {
        HumanFormat.number(quantile.value) + (quantile.error.map { " ± \(HumanFormat.number($0))" } ?? "")
    }

    /// A share in per cent with its standard error.
    private static func text(_ share: EvaluationFigures.Share) -> String {
        let (value, error) = (100 * share.value, 100 * share.error)
        return "\(HumanFormat.fixed(value, decimals: 1)) ± \(HumanFormat.fixed(error, decimals: 1)) % of \(share.of)"
    }

    private static func length(_ value: Double) -> String { HumanFormat.fixed(value, decimals: 3) }

    private func changes(_ before: EvaluationFigures, _ after: EvaluationFigures) -> [String] {
        func change(_ title: String, _ share: (EvaluationFigures) -> EvaluationFigures.Share?) -> String? {
            guard let first = share(before), let last = share(after) else { return nil }
            let difference = last.value - first.value
            let error = (first.error * first.error + last.error * last.error).squareRoot()
            let sigmas = error > 0 ? HumanFormat.fixed(difference / error, decimals: 1) : "-"
            return "\(title): \(difference < 0 ? "" : "+")\(HumanFormat.fixed(100 * difference, decimals: 1)) points "
                + "(\(sigmas) standard errors)"
        }
        return [
            change("stable fraction") { $0.asSampled.stable }, change("S.U.N. fraction") { $0.asSampled.sun },
            change("S.U.N. fraction, relaxed") { $0.relaxed?.sun },
        ].compactMap { $0 }
    }

    private var warnings: [String] {
        columns.filter { $0.figures.samples < EvaluationFigures.fewSamples }.map {
            "warning: \($0.title): \($0.figures.samples) samples are few; take \(EvaluationFigures.fewSamples) or more"
        }
    }
}

package import Report
internal import StructureFiles

/// The figures as a table in CSV: a line for all crystals, for each crystal system and for each space group.
package enum EvaluationSheet {
    package static func csv(_ columns: [(title: String, figures: EvaluationFigures)]) -> String {
        var lines = [
            "policy,part,form,samples,"
                + Self.shares.map { "\($0.name),\($0.name)_error" }.joined(separator: ",")
        ]
        for (title, figures) in columns {
            lines += rows(title, "all", figures.samples, figures.asSampled, figures.relaxed)
            for part in figures.byCrystalSystem + figures.bySpaceGroup {
                lines += rows(title, part.name, part.samples, part.asSampled, part.relaxed)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private typealias Column = (
        name: String, share: @Sendable (EvaluationFigures.Verdicts) -> EvaluationFigures.Share?
    )

    private static let shares: [Column] = [
        ("measured", { $0.measured }), ("stable", { $0.stable }), ("on_hull", { $0.onHull }),
        ("unique", { $0.unique }), ("novel", { $0.novel }), ("sun", { $0.sun }), ("sun_on_hull", { $0.sunOnHull }),
        ("msun", { $0.metastableSUN }), ("far_below_hull", { $0.farBelow }),
    ]

    private static func rows(
        _ title: String, _ part: String, _ samples: Int, _ asSampled: EvaluationFigures.Verdicts,
        _ relaxed: EvaluationFigures.Verdicts?
    ) -> [String] {
        let forms = [("as_sampled", asSampled)] + (relaxed.map { [("relaxed", $0)] } ?? [])
        return forms.map { form, verdicts in
            let cells = shares.map { _, share in share(verdicts).map { "\($0.value),\($0.error)" } ?? "," }
            return ([StructureWriter.csvField(title), StructureWriter.csvField(part), form, "\(samples)"] + cells)
                .joined(separator: ",")
        }
    }

    // MARK: Aims

    /// What is told of the aims of a run: a line for each number and form, and one for each front; nil where nothing
    /// is.
    package static func aims(_ columns: [(title: String, figures: EvaluationFigures)]) -> String? {
        var lines: [String] = []
        for (title, figures) in columns {
            for (form, aims) in [("as_sampled", figures.aims), ("relaxed", figures.relaxedAims)] {
                guard let aims else { continue }
                let start = [StructureWriter.csvField(title), form]
                for number in aims.numbers {
                    let share = number.inDomain.map { "\($0.value)" } ?? ""
                    for (part, spread) in [("all", number.all), ("stable_in_domain", number.sound)] {
                        lines.append(
                            (start + [part, number.name, number.unit ?? ""] + cells(figures, spread, number.wantsLow)
                                + [share, ""]).joined(separator: ","))
                    }
                }
                guard let front = aims.front else { continue }
                let name = StructureWriter.csvField("hypervolume of \(front.axes.joined(separator: " "))")
                let volumes = [
                    ("all", front.crystals, front.hypervolume),
                    ("stable_in_domain", front.soundCrystals, front.soundHypervolume),
                ]
                lines += volumes.map { part, crystals, volume in
                    (start + [part, name, "", "\(figures.samples)", "\(crystals)"]
                        + Array(repeating: "", count: 6) + ["\(volume)"]).joined(separator: ",")
                }
            }
        }
        let header =
            "policy,form,part,number,unit,samples,count,median,median_error,percentile,percentile_value,"
            + "percentile_error,in_domain,hypervolume"
        return lines.isEmpty ? nil : ([header] + lines).joined(separator: "\n") + "\n"
    }

    private static func cells(
        _ figures: EvaluationFigures, _ spread: AimFigures.Spread?, _ wantsLow: Bool
    ) -> [String] {
        func cell(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        return [
            "\(figures.samples)", "\(spread?.count ?? 0)", cell(spread?.median.value), cell(spread?.median.error),
            wantsLow ? "5" : "95", cell(spread?.best.value), cell(spread?.best.error),
        ]
    }
}

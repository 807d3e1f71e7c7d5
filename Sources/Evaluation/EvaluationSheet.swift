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
}

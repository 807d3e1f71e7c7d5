import Archive
import Base
import Telemetry

/// The plots of a report, each from the records of the steps.
enum ReportPlots {
    /// In the order in which they are shown; those without any data are left out, save the first three.
    static func all(_ data: ReportData) -> [SVGPlot] {
        let always = [stableFraction(data), reward(data.records), energies(data)]
        let others = [
            quality(data.records), throughput(data.records), divergence(data.records), clipping(data.records),
            ratios(data.records), spread(data.records), phases(data.records),
        ]
        return always + others.filter(\.hasData)
    }

    private static let steps = SVGPlot.Axis(label: "step", holdsIntegers: true)

    private static func stableFraction(_ data: ReportData) -> SVGPlot {
        let points = data.records.compactMap { record in
            record.stableFraction.map { SVGPlot.Point(x: Double(record.step), y: $0, error: record.stableError) }
        }
        var plot = SVGPlot(
            title: "Stable fraction", horizontal: steps,
            vertical: .init(label: "share of all crystals", holdsShares: true, showsZero: true),
            series: [.init(name: "stable", colour: 1, points: points)],
            note:
                "Energy above hull below \(HumanFormat.trimmed(data.stableThreshold)) eV/atom; invalid and failed "
                + "crystals count as unstable. Error bars: one standard error.")
        if let before = data.before, plot.hasData {
            let label = "before: \(HumanFormat.percent(before.stableFraction))"
            plot.rules = [.init(isVertical: false, value: before.stableFraction, label: label)]
        }
        return plot
    }

    private static func reward(_ records: [StepRecord]) -> SVGPlot {
        let all = records.compactMap { record in
            record.rewardMean.map { SVGPlot.Point(x: Double(record.step), y: $0, error: record.rewardError) }
        }
        return SVGPlot(
            title: "Reward", horizontal: steps, vertical: .init(label: "mean reward"),
            series: [
                .init(name: "scored and invalid", colour: 1, points: all),
                series("scored only", 2, records) { $0.rewardMeanScored },
                series("baseline", 3, records) { $0.baseline },
            ].filter { series in series.points.contains { $0.isFinite } })
    }

    private static func energies(_ data: ReportData) -> SVGPlot {
        var series: [SVGPlot.Series] = []
        var notes: [String] = []
        for (period, name, colour) in [(data.before, "before", 2), (data.after, "after", 1)] {
            guard let period, period.crystals > 0 else { continue }
            let histogram = period.histogram
            let total = Double(period.crystals)
            let points = histogram.counts.enumerated().map { index, count in
                SVGPlot.Point(x: histogram.lowerEdge + Double(index) * histogram.binWidth, y: Double(count) / total)
            }
            series.append(
                .init(
                    name: "\(name): \(period.label)", colour: colour, kind: .steps(width: histogram.binWidth),
                    points: points))
            let rest = 1 - Double(histogram.counts.reduce(0, +) + histogram.above + histogram.below) / total
            let end = histogram.lowerEdge + Double(histogram.counts.count) * histogram.binWidth
            var parts = ["\(HumanFormat.percent(Double(histogram.above) / total)) above \(HumanFormat.trimmed(end))"]
            if histogram.below > 0 {
                parts.append(
                    "\(HumanFormat.percent(Double(histogram.below) / total)) below "
                        + "\(HumanFormat.trimmed(histogram.lowerEdge))"
                )
            }
            parts.append("\(HumanFormat.percent(max(0, rest))) without an energy")
            notes.append("\(name), \(parts.joined(separator: ", "))")
        }
        return SVGPlot(
            title: "Energy above hull", horizontal: .init(label: "energy above hull, eV/atom"),
            vertical: .init(label: "share of all crystals", holdsShares: true, showsZero: true), series: series,
            rules: [.init(isVertical: true, value: data.stableThreshold, label: "stable left of this")],
            note: notes.isEmpty ? "" : "Not shown: \(notes.joined(separator: "; ")).")
    }

    private static func quality(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Valid and unique", horizontal: steps,
            vertical: .init(label: "share of all crystals", holdsShares: true),
            series: [
                series("valid", 3, records) { record in
                    record.crystals > 0 ? 1 - Double(record.invalidCount) / Double(record.crystals) : nil
                },
                series("unique", 4, records) { $0.uniqueFraction },
            ].filter { !$0.points.isEmpty })
    }

    private static func throughput(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Throughput", horizontal: steps, vertical: .init(label: "crystals per second", showsZero: true),
            series: [
                series("sampled", 1, records) { $0.rates.sampled },
                series("scored", 2, records) { $0.rates.scored },
                series("trained", 3, records) { $0.rates.trained },
            ].filter { series in series.points.contains { $0.y > 0 } })
    }

    private static func divergence(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Distance from the base policy", horizontal: steps,
            vertical: .init(label: "KL to the reference, nats per crystal", showsZero: true),
            series: [series("KL", 1, records) { $0.klReference }])
    }

    private static func clipping(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Clipped ratios", horizontal: steps,
            vertical: .init(label: "share outside the clip range", holdsShares: true, showsZero: true),
            series: [
                series("whole crystal", 1, records) { $0.clipFraction?.whole },
                series("Wyckoff letters", 1, records) { $0.clipFraction?.w },
                series("elements", 2, records) { $0.clipFraction?.a },
                series("coordinates", 3, records) { $0.clipFraction?.xyz },
                series("lattice", 4, records) { $0.clipFraction?.l },
            ].filter { !$0.points.isEmpty })
    }

    private static func ratios(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Effective sample size", horizontal: steps,
            vertical: .init(label: "share of the batch", holdsShares: true, showsZero: true),
            series: [series("effective", 1, records) { $0.ratio?.effectiveSampleShare }],
            note: "Of the probability ratios after the last epoch; 100% is a policy that did not move.")
    }

    private static func spread(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Spread", horizontal: steps,
            vertical: .init(label: "different ones in a batch", holdsIntegers: true, showsZero: true),
            series: [
                series("elements", 1, records) { $0.spread.map { Double($0.elements) } },
                series("space groups", 2, records) { $0.spread.map { Double($0.spaceGroups) } },
            ].filter { !$0.points.isEmpty })
    }

    private static func phases(_ records: [StepRecord]) -> SVGPlot {
        SVGPlot(
            title: "Time of the learner", horizontal: steps,
            vertical: .init(label: "seconds per step", showsZero: true),
            series: [
                series("all", 1, records) { $0.seconds.total },
                series("waiting for crystals", 2, records) { $0.seconds.wait },
                series("training", 3, records) { $0.seconds.train },
                series("checkpoint", 4, records) { $0.seconds.checkpoint },
            ].filter { series in series.points.contains { $0.y > 0 } })
    }

    private static func series(
        _ name: String, _ colour: Int, _ records: [StepRecord], _ value: (StepRecord) -> Double?
    ) -> SVGPlot.Series {
        .init(
            name: name, colour: colour,
            points: records.compactMap { record in value(record).map { .init(x: Double(record.step), y: $0) } })
    }
}

import Base
import Telemetry

/// One number of a report in large type.
struct ReportTile {
    let name: String
    let value: String
    /// What stands under it.
    var detail = ""
    /// Whether the detail tells of something good or bad; nil for neither.
    var isGood: Bool?

    func html() -> String {
        let style = isGood.map { $0 ? " class=\"good\"" : " class=\"bad\"" } ?? ""
        return """
            <div class="tile"><span>\(HTMLText.escape(name))</span><b>\(HTMLText.escape(value))</b>\
            <span\(style)>\(HTMLText.escape(detail))</span></div>
            """
    }
}

/// The numbers that a report starts with.
enum ReportTiles {
    static func all(_ data: ReportData) -> [ReportTile] {
        [stable(data), share("Unique", data) { $0.uniqueFraction }, share("Valid", data) { $0.validFraction }]
            + [reward(data), crystals(data), time(data)].compactMap { $0 }
    }

    private static func stable(_ data: ReportData) -> ReportTile {
        guard let before = data.before else { return ReportTile(name: "Stable", value: "-", detail: "no crystals yet") }
        guard let after = data.after else {
            return ReportTile(
                name: "Stable", value: HumanFormat.percent(before.stableFraction),
                detail: "± \(HumanFormat.percent(before.stableError))")
        }
        let change = after.stableFraction - before.stableFraction
        let error = (before.stableError * before.stableError + after.stableError * after.stableError).squareRoot()
        let points = "\(change < 0 ? "" : "+")\(HumanFormat.fixed(change * 100, decimals: 1))"
        return ReportTile(
            name: "Stable", value: arrow(before.stableFraction, after.stableFraction),
            detail: "\(points) ± \(HumanFormat.fixed(error * 100, decimals: 1)) points",
            isGood: change.magnitude > 3 * error ? change > 0 : nil)
    }

    private static func share(
        _ name: String, _ data: ReportData, _ value: (ReportData.Period) -> Double?
    ) -> ReportTile {
        let first = data.before.flatMap(value)
        guard let last = data.after.flatMap(value) else {
            return ReportTile(name: name, value: first.map(HumanFormat.percent) ?? "-")
        }
        return ReportTile(
            name: name, value: HumanFormat.percent(last),
            detail: first.map { "\(HumanFormat.percent($0)) before" } ?? "")
    }

    private static func reward(_ data: ReportData) -> ReportTile? {
        let rewards = data.records.compactMap { record in record.rewardMean.map { (record, $0) } }
        guard let (first, firstMean) = rewards.first, let (last, lastMean) = rewards.last else { return nil }
        let error = last.rewardError.map { " ± \(HumanFormat.fixed($0, decimals: 3))" } ?? ""
        return ReportTile(
            name: "Reward of step \(last.step)", value: "\(HumanFormat.fixed(lastMean, decimals: 3))\(error)",
            detail: first.step == last.step
                ? "" : "\(HumanFormat.fixed(firstMean, decimals: 3)) in step \(first.step)")
    }

    private static func crystals(_ data: ReportData) -> ReportTile {
        let steps = data.records.count
        return ReportTile(
            name: "Crystals", value: HumanFormat.count(data.crystalCount),
            detail: "in \(steps) \(steps == 1 ? "step" : "steps")")
    }

    /// The time of the steps, without that between a stop and a resume.
    private static func time(_ data: ReportData) -> ReportTile? {
        let seconds = data.records.reduce(0) { $0 + $1.seconds.total }
        guard seconds > 0 else { return nil }
        let trained = data.records.reduce(0) { $0 + $1.crystals }
        return ReportTile(
            name: "Time", value: HumanFormat.seconds(seconds),
            detail: "\(HumanFormat.number(Double(trained) / seconds)) crystals/s")
    }

    private static func arrow(_ first: Double, _ last: Double) -> String {
        "\(HumanFormat.percent(first)) → \(HumanFormat.percent(last))"
    }
}

/// A page of metrics in Prometheus' text format 0.0.4, as `/metrics` serves it.
///
/// It is written from values that exist anyway when somebody asks: nothing is counted for it, and what nobody scrapes
/// costs nothing.
package struct MetricPage: Sendable {
    /// The content type that says so.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct Family: Sendable {
        let metric: Metric
        var lines: [String] = []
    }

    private var families: [Family] = []
    private var places: [String: Int] = [:]

    package init() {}

    /// Adds a value; nil adds nothing.
    ///
    /// - Parameters:
    ///   - labels: the values of the metric's labels, in their order.
    ///   - value: nil where it is not known.
    package mutating func add(_ metric: Metric, _ labels: [String] = [], _ value: Double?) {
        guard let value else { return }
        add(metric, "\(metric.name)\(Self.text(metric.labels, labels)) \(Self.text(value))")
    }

    package mutating func add(_ metric: Metric, _ labels: [String] = [], _ value: Int?) {
        add(metric, labels, value.map(Double.init))
    }

    /// Adds a histogram.
    ///
    /// - Parameters:
    ///   - counts: how often a value was at most each bound and more than the one before, and at last beyond all.
    ///   - sum: of all values.
    package mutating func add(_ metric: Metric, bounds: [Double], counts: [Int], sum: Double) {
        var total = 0
        for (place, count) in counts.enumerated() {
            total += count
            let bound = place < bounds.count ? Self.text(bounds[place]) : "+Inf"
            add(metric, "\(metric.name)_bucket{le=\"\(bound)\"} \(total)")
        }
        add(metric, "\(metric.name)_sum \(Self.text(sum))")
        add(metric, "\(metric.name)_count \(total)")
    }

    private mutating func add(_ metric: Metric, _ line: String) {
        if let place = places[metric.name] {
            families[place].lines.append(line)
        } else {
            places[metric.name] = families.count
            families.append(Family(metric: metric, lines: [line]))
        }
    }

    /// The metrics that have a value.
    package var metrics: [Metric] { families.map(\.metric) }

    package var text: String {
        var text = ""
        for family in families {
            let metric = family.metric
            text += "# HELP \(metric.name) \(Self.escaped(metric.help, quotes: false))\n"
            text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for line in family.lines { text += line + "\n" }
        }
        return text
    }

    private static func text(_ names: [String], _ values: [String]) -> String {
        guard !names.isEmpty else { return "" }
        let pairs = zip(names, values).map { "\($0)=\"\(escaped($1, quotes: true))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5c || $0 == 0x0a || $0 == 0x22 }) else { return text }
        var escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        if quotes { escaped = escaped.replacing("\"", with: "\\\"") }
        return escaped
    }

    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
        return "\(value)"
    }
}

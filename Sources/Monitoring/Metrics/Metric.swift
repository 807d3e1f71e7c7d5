/// A metric by name: what it is, whoever serves it.
///
/// Names follow Prometheus' conventions: base units, `_total` for what only grows, labels of few values. They are an
/// interface: dashboards and alerts break when one changes.
package struct Metric: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// It only grows, from 0 when the process starts.
        case counter
        /// It goes up and down.
        case gauge
        /// Counts by upper bounds.
        case histogram
    }

    package let name: String
    package let kind: Kind
    /// One sentence, without a full stop at its end.
    package let help: String
    /// The names of its labels.
    package let labels: [String]

    package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }
}

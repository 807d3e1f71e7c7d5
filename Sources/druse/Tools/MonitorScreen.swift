import Base
import Foundation

/// A run as lines of a terminal.
struct MonitorScreen {
    var columns: Int
    /// nil: as many as there are.
    var rows: Int?
    var style: Style

    init(columns: Int, rows: Int? = nil, style: Style) {
        self.columns = max(40, columns)
        self.rows = rows
        self.style = style
    }

    /// Colours and characters that the terminal knows.
    struct Style {
        private let isColoured: Bool
        let isUnicode: Bool

        /// - Parameter isColoured: Whether colours are wanted; `NO_COLOR` in the environment says no.
        init(isColoured: Bool, environment: [String: String] = ProcessInfo.processInfo.environment) {
            self.isColoured = isColoured && (environment["NO_COLOR"] ?? "").isEmpty
            let locale =
                [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]]
                .compactMap { $0 }.first { !$0.isEmpty } ?? ""
            isUnicode = locale.lowercased().contains("utf")
        }

        func bold(_ text: String) -> String { coded(text, "1") }
        func soft(_ text: String) -> String { coded(text, "2") }
        func good(_ text: String) -> String { coded(text, "32") }
        func warning(_ text: String) -> String { coded(text, "33") }

        private func coded(_ text: String, _ code: String) -> String {
            isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
    }

    func lines(_ snapshot: MonitorSource.Snapshot) -> [String] {
        let head = heading(snapshot.overview) + course(snapshot.steps, snapshot.overview)
        let end = evaluations(snapshot.books) + ledger(snapshot.books)
        let room = rows.map { max(0, $0 - head.count - end.count - 1) } ?? .max
        return head + Array(fleet(snapshot.fleet).prefix(room)) + end
    }

    // MARK: Parts

    private func heading(_ run: [String: Any]) -> [String] {
        let state = text(run, "state_words")
        let coloured = state == "running" ? style.good(state) : style.warning(state)
        let steps = number(run, "steps") ?? 0
        let versions = number(run, "versions")
        var lines = [
            "\(style.bold(text(run, "name")))  \(coloured)  "
                + style.soft(
                    "\(text(run, "run_id")) on \(text(run, "host")), \(text(run, "mode")), seed \(text(run, "seed"))")
        ]
        var progress = "version \(Int(steps))"
        if let versions, versions > 0 {
            progress = "\(bar(steps / versions, width: 24)) version \(Int(steps)) of \(Int(versions))"
        }
        progress += "  \(HumanFormat.count(Int(number(run, "crystals") ?? 0))) crystals"
        if let rate = number(run, "rate") { progress += "  \(HumanFormat.rate(rate))" }
        progress += "  \(HumanFormat.seconds(number(run, "seconds") ?? 0))"
        if let left = number(run, "remaining") { progress += ", \(HumanFormat.seconds(left)) left" }
        lines.append(progress)
        if let advice = run["advice"] as? [String: Any] {
            let details = (advice["details"] as? [String] ?? []).joined(separator: " ")
            lines += wrapped(text(advice, "headline")).map(style.bold)
            if !details.isEmpty { lines += wrapped(details).map(style.soft) }
        }
        return lines + [""]
    }

    private func course(_ steps: [String: Any], _ run: [String: Any]) -> [String] {
        let names = steps["columns"] as? [String] ?? []
        let rows = steps["rows"] as? [[Any]] ?? []
        guard !rows.isEmpty else { return [] }
        let shown: [(title: String, column: String, format: (Double) -> String)] = [
            ("stable", "stable", { HumanFormat.percent($0) }),
            ("reward", "reward", { HumanFormat.fixed($0, decimals: 3) }),
            ("unique", "unique", { HumanFormat.percent($0) }), ("KL", "kl", { HumanFormat.number($0) }),
            ("crystals/s", "rate", { HumanFormat.number($0) }),
        ]
        let width = max(10, min(60, columns - 44))
        return shown.compactMap { title, column, format -> String? in
            guard let place = names.firstIndex(of: column) else { return nil }
            let values = rows.compactMap { $0.indices.contains(place) ? $0[place] as? Double : nil }
            guard let first = values.first, let last = values.last else { return nil }
            return padded(title, 11) + right(format(first), 9) + "  \(spark(values, width: width))  "
                + style.bold(format(last))
        } + [""]
    }

    private func fleet(_ fleet: [String: Any]) -> [String] {
        let sums = fleet["roles"] as? [[String: Any]] ?? []
        let rows = fleet["rows"] as? [[String: Any]] ?? []
        guard !sums.isEmpty else { return [style.soft("no actors and no reward workers"), ""] }
        var lines = sums.map { sum in
            let doing = (sum["doing"] as? [String: Any] ?? [:]).sorted { $0.key < $1.key }
                .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            let busy = number(sum, "busy").map { ", busy \(HumanFormat.fixed($0 * 100, decimals: 0))%" } ?? ""
            return "\(Int(number(sum, "peers") ?? 0)) x \(text(sum, "role")): "
                + "\(HumanFormat.rate(number(sum, "rate") ?? 0))\(busy) (\(doing))"
        }
        lines.append(
            style.soft(
                padded("peer", 26) + padded("role", 15) + padded("does", 10) + right("rate", 9) + right("busy", 7)
                    + right("age", 5) + right("MB", 8)))
        for row in rows {
            let busy = number(row, "busy").map { "\(HumanFormat.fixed($0 * 100, decimals: 0))%" } ?? "-"
            lines.append(
                padded(text(row, "name"), 26) + padded(text(row, "role"), 15) + padded(text(row, "doing"), 10)
                    + right(HumanFormat.rate(number(row, "rate") ?? 0), 9) + right(busy, 7)
                    + right(number(row, "staleness").map { "\(Int($0))" } ?? "-", 5)
                    + right(number(row, "memory").map { HumanFormat.fixed($0, decimals: 0) } ?? "-", 8))
        }
        let rest = Int(number(fleet, "matching") ?? 0) - rows.count
        if rest > 0 { lines.append(style.soft("and \(HumanFormat.count(rest)) more (--peers)")) }
        return lines + [""]
    }

    private func evaluations(_ books: [String: Any]) -> [String] {
        let lines = EvaluationLines(books, sign: style.isUnicode ? "±" : "+-").lines.flatMap(wrapped)
        return lines.isEmpty ? [] : lines + [""]
    }

    private func ledger(_ books: [String: Any]) -> [String] {
        let problem = text(books, "problem")
        let line = problem.isEmpty ? text(books, "line") : "no ledger: \(problem)"
        return line.isEmpty ? [] : wrapped(line)
    }

    // MARK: Text

    private func text(_ object: [String: Any], _ key: String) -> String { object[key] as? String ?? "" }

    private func number(_ object: [String: Any], _ key: String) -> Double? { (object[key] as? NSNumber)?.doubleValue }

    /// Cut or filled up to a width.
    private func padded(_ text: String, _ width: Int) -> String {
        let cut = text.count < width ? text : String(text.prefix(width - 2)) + "~"
        return cut + String(repeating: " ", count: max(0, width - cut.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    private func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count + 1 <= columns {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private func bar(_ share: Double, width: Int) -> String {
        let filled = min(width, max(0, Int((share * Double(width)).rounded(.down))))
        let (full, empty) = style.isUnicode ? ("█", "░") : ("#", ".")
        return String(repeating: full, count: filled) + String(repeating: empty, count: width - filled)
    }

    /// Values as a line of blocks, means where they are more than the width.
    private func spark(_ values: [Double], width: Int) -> String {
        let count = min(width, values.count)
        let means = (0..<count).map { place -> Double in
            let part = values[
                (place * values.count / count)..<max(
                    place * values.count / count + 1, (place + 1) * values.count / count)]
            return part.reduce(0, +) / Double(part.count)
        }
        let (low, high) = (means.min() ?? 0, means.max() ?? 0)
        let blocks = Array(style.isUnicode ? "▁▂▃▄▅▆▇█" : "_.-=+*#@")
        let drawn = means.map { value -> Character in
            let share = high > low ? (value - low) / (high - low) : 0.5
            return blocks[min(blocks.count - 1, max(0, Int(share * Double(blocks.count))))]
        }
        return String(drawn) + String(repeating: " ", count: width - count)
    }
}

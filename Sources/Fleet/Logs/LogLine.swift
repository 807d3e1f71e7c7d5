internal import Base
package import Foundation
package import Logging

/// One thing that a process says.
package struct LogLine: Sendable, Hashable {
    package var time: Date
    package var level: Logger.Level
    /// Such as `learner`.
    package var role: String
    /// Where in the program it comes from; empty if that tells nothing.
    package var source: String
    package var message: String
    /// Further values by name.
    package var fields: [String: String]

    package init(
        time: Date = Date(), level: Logger.Level, role: String, source: String = "", message: String,
        fields: [String: String] = [:]
    ) {
        self.time = time
        self.level = level
        self.role = role
        self.source = source
        self.message = message
        self.fields = fields
    }

    /// The line, without its end. What is said may hold anything that a peer has sent: neither form can be mistaken for
    /// two records, nor change a terminal.
    package func text(_ format: LogFormat) -> String {
        switch format {
        case .text: human
        case .json: json
        }
    }

    private var stamp: String {
        // The style cuts off what is beyond milliseconds.
        time.addingTimeInterval(0.0005).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private var human: String {
        var text = "\(stamp) \(level.rawValue) \(role):"
        if !source.isEmpty { text += " [\(source)]" }
        text += " " + Self.harmless(message)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { text += " \(name)=\(Self.harmless(value))" }
        return text
    }

    private var json: String {
        var entries = [("time", stamp), ("level", level.rawValue), ("role", role)]
        if !source.isEmpty { entries.append(("source", source)) }
        entries.append(("message", message))
        let own = Set(entries.map(\.0))
        entries += fields.filter { !own.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return "{" + entries.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }.joined(separator: ",") + "}"
    }

    /// Further lines are indented, other control characters written as numbers.
    private static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                result += "\n  "
            } else if isControl(scalar), scalar != "\t" {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }
}

import Base
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Prints the answers of a command, as JSON lines or as a table, and keeps count of the failures.
final class AnswerPrinter {
    /// A column of the table.
    struct Column {
        let title: String
        let width: Int
        var isNumber = false
    }

    /// An answer in both forms; `failure` marks one that is only partly there.
    struct Row {
        var fields: JSONFields
        var cells: [String]
        var failure: ToolFailure?
    }

    private let isJSON: Bool
    private let idKey: String
    private let columns: [Column]
    private let output: StandardOutput
    private let progress: TerminalProgress
    private var count = 0
    private var failureCount = 0
    private var firstFailure = ""

    /// - Parameters:
    ///   - title: what the command does, for the progress.
    ///   - idKey: what the names are called.
    ///   - goesOnUnread: whether the command has more to do than to be read, such as a file to write.
    ///   - showsProgress: whether the number of answers is shown on a terminal; else the command shows its own.
    ///   - columns: of the table, after the one of the names.
    init(
        json: Bool, title: String, idKey: String = "id", goesOnUnread: Bool = false, showsProgress: Bool = true,
        columns: [Column]
    ) {
        output = StandardOutput(goesOnUnread: goesOnUnread)
        isJSON = json
        self.idKey = idKey
        self.columns = [Column(title: idKey, width: 20)] + columns
        progress = TerminalProgress(
            title: title, total: nil, unit: "inputs", style: showsProgress ? .onTerminal() : .silent)
    }

    /// Prints some answers.
    func print<Value>(_ answers: [ToolAnswer<Value>], row: (Value) -> Row) throws {
        if count == 0, !isJSON { try output.write(line: line(columns.map(\.title))) }
        for answer in answers {
            count += 1
            switch answer.result {
            case .success(let value):
                let row = row(value)
                let error = row.failure.map { [(key: "error", value: JSONValue.text($0.description))] } ?? []
                if let failure = row.failure { note(failure, id: answer.id) }
                try put(answer.id, fields: row.fields + error, cells: row.cells)
            case .failure(let failure):
                note(failure, id: answer.id)
                try put(
                    answer.id, fields: [("error", .text(failure.description))],
                    cells: ["error: \(failure.description)"])
            }
        }
        try output.flush()
        progress.update(count)
    }

    /// Ends the output.
    /// - Throws: `ToolFailure` if every input failed.
    func finish() throws {
        progress.finish()
        try output.flush()
        guard failureCount > 0 else { return }
        guard failureCount < count else {
            let summary = count == 1 ? "" : "none of the \(count) inputs could be used; the first: "
            throw ToolFailure(summary + firstFailure)
        }
        writeMessage("\(failureCount) of \(count) inputs failed; the first: \(firstFailure)")
    }

    private func note(_ failure: ToolFailure, id: String) {
        failureCount += 1
        if firstFailure.isEmpty {
            let text = failure.description
            firstFailure = text.contains(id) ? text : "\(id): \(text)"
        }
    }

    private func put(_ id: String, fields: JSONFields, cells: [String]) throws {
        try output.write(
            line: isJSON ? JSONValue.object([(idKey, .text(id))] + fields).line : line([id] + cells))
    }

    /// Cells under their columns; cells beyond the last column follow as they are.
    private func line(_ cells: [String]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let isLast = index + 1 == cells.count
            let padding = String(
                repeating: " ", count: index < columns.count ? max(0, columns[index].width - cell.count) : 0)
            if index > 0 { text += "  " }
            if index < columns.count, columns[index].isNumber, !cell.hasPrefix("error") {
                text += padding + cell
            } else {
                text += cell + (isLast ? "" : padding)
            }
        }
        return text
    }
}

extension TerminalProgress.Style {
    /// A bar if stderr is a terminal that does not also show the output; else nothing.
    ///
    /// - Parameter writesLines: whether the command prints lines on stdout meanwhile.
    static func onTerminal(writesLines: Bool = true) -> TerminalProgress.Style {
        guard !(writesLines && isatty(STDOUT_FILENO) == 1), case .bar(let columns) = automatic() else { return .silent }
        return .bar(columns: columns)
    }
}

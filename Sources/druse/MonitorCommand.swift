import ArgumentParser
import Base
import Fleet
import Foundation
import LivePage

/// `druse monitor`: a run in a terminal.
struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "Show a run in the terminal, running or not.",
        discussion: """
            Reads the run's directory, or asks its page (--connect). On a terminal it is drawn again every second \
            until q or Ctrl-C; into a pipe or a file it is written once.
            """)

    @Argument(help: ArgumentHelp("The run's directory.", valueName: "run directory"))
    var runDirectory: String?

    @Option(help: ArgumentHelp("The address of the page, as it was printed.", valueName: "http://HOST:PORT/"))
    var connect: String?

    @OptionGroup var page: PageOptions

    @Option(help: "How many peers are shown at most.")
    var peers = 12

    @Flag(help: "Write it once and end, also on a terminal.")
    var once = false

    @Flag(help: "Print one JSON object and end.")
    var json = false

    func validate() throws {
        guard (runDirectory == nil) != (connect == nil) else {
            throw ValidationError("name the run's directory, or its page with --connect")
        }
        guard (0...500).contains(peers) else { throw ValidationError("--peers must be 0 to 500") }
    }

    func run() throws {
        let source = try MonitorSource(directory: runDirectory, connect: connect, token: page.chosenToken)
        if json { return try StandardOutput.write(line: source.snapshot(peers: peers).json) }
        let terminal = once ? nil : TerminalScreen()
        guard let terminal else {
            // A pipe or file: no colours, no end of the screen.
            let isTerminal = TerminalScreen.isTerminal
            let screen = MonitorScreen(
                columns: isTerminal ? TerminalScreen.size.columns : 100, style: .init(isColoured: isTerminal))
            let output = StandardOutput()
            for line in screen.lines(try source.snapshot(peers: peers)) { try output.write(line: line) }
            return try output.flush()
        }
        try terminal.show { size in
            let snapshot = try source.snapshot(peers: peers)
            return MonitorScreen(columns: size.columns, rows: size.rows, style: .init(isColoured: true)).lines(snapshot)
        }
    }
}

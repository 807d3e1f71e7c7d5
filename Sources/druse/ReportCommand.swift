import Archive
import ArgumentParser
import Base
import Configuration
import Crystals
import FineTuning
import Foundation
import Report
import StructureFiles

/// `druse report`: a self-contained page about a run.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a self-contained HTML page about a run, finished or not.")

    @Argument(help: "The run's directory.")
    var runDirectory: String

    @Option(name: .shortAndLong, help: "The page; report.html in the run's directory if not given.")
    var output: String?

    func run() throws {
        let directory = try RunDirectory.open(at: URL(filePath: runDirectory))
        let target = output.map { URL(filePath: $0) } ?? directory.report
        let page = ReportPage(
            data: try ReportData(directory, stableThreshold: stableThreshold(of: directory)),
            cif: { try? StructureWriter.cif($0, id: $0.composition.reducedFormula) },
            spaceGroupSymbol: { $0.symbol })
        if output == nil {
            try DurableFile.replace(target, with: Data(page.html().utf8))
        } else {
            try OutputFile.write(page.html().utf8, to: target.path)
        }
        try StandardOutput.write(line: target.path)
    }

    /// The run's own; a run of a build that did not keep it in the manifest has it in its configuration.
    private func stableThreshold(of directory: RunDirectory) -> Double? {
        directory.manifest.stableBelow
            ?? (try? ConfigurationLoader.load(RunConfiguration.self, from: directory.configuration))?.stableBelow
    }
}

import ArgumentParser
import Base
import Coordination
import Foundation

/// `druse bench soak`: many crystals through the hub's and peers' cores, and what they leave in memory.
struct BenchSoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak", abstract: "Pass many crystals through a hub and its peers and look at memory, as JSON.",
        discussion: "Memory is that of this process, after the first tenth of the crystals and after all.")

    @Option(help: "Crystals.")
    var crystals = 1_000_000

    @Option(help: "Crystals of a batch.")
    var crystalsPerBatch = 1024

    @Option(help: "synchronous or asynchronous.")
    var mode = "synchronous"

    @Option(help: "In the asynchronous mode, how many versions old a crystal may be.")
    var maximumStaleness = 2

    @Option(help: "Reward workers.")
    var workers = 24

    @Option(help: "Actors.")
    var actors = 8

    /// What came of it.
    private struct Result: Encodable {
        var mode: String
        var crystals: Int
        var steps: Int
        /// MB, after a tenth of the crystals and after all; nil where the system does not tell.
        var residentMegabytesAtTenth: Double?
        var residentMegabytesAtEnd: Double?
        /// The processor time of the whole simulation, seconds.
        var seconds: Double
        var ledger: FleetResult.Ledger
    }

    func validate() throws {
        guard (1...1_000_000).contains(crystalsPerBatch) else {
            throw ValidationError("crystals of a batch must be in 1...1000000")
        }
        guard crystals / crystalsPerBatch >= 10, crystals / crystalsPerBatch <= 1_000_000 else {
            throw ValidationError("there must be at least ten batches, and at most a million")
        }
        let model = try model
        if let problem = model.problems.first { throw ValidationError(problem) }
        let configuration = try BenchFleetCommand.configuration(of: model)
        if let problem = configuration.problems.first { throw ValidationError(problem) }
    }

    private var model: FleetModel {
        get throws {
            var model = FleetModel()
            (model.workers, model.actors) = (workers, actors)
            (model.crystalsPerBatch, model.steps) = (crystalsPerBatch, crystals / crystalsPerBatch)
            model.mode = try FleetMode.parse(mode, maximumStaleness: maximumStaleness)
            // Fast, so that no time is spent on heartbeats.
            (model.sampleSeconds, model.measureSeconds, model.trainSeconds) = (0.0001, 0.0003, 0.00001)
            (model.stepSeconds, model.loadSeconds, model.weightBytes) = (0.001, 0.001, 1000)
            model.hubCost = .given(perFrame: 2e-6, perByte: 1e-8)
            return model
        }
    }

    func run() throws {
        let model = try model
        let begin = ProcessClock.seconds
        var simulation = try FleetSimulation(model, configuration: BenchFleetCommand.configuration(of: model))
        guard try simulation.run(untilStep: model.steps / 10) else { throw ToolFailure("the simulation stands still") }
        let tenth = ProcessMemory.residentMegabytes
        guard try simulation.run(untilStep: model.steps) else { throw ToolFailure("the simulation stands still") }
        let result = Result(
            mode: mode, crystals: simulation.tally.crystals, steps: simulation.stepsMade,
            residentMegabytesAtTenth: tenth, residentMegabytesAtEnd: ProcessMemory.residentMegabytes,
            seconds: ProcessClock.seconds - begin, ledger: FleetResult.Ledger(simulation.hub.snapshot()))
        let output = StandardOutput()
        try output.write(line: JSONLine.text(of: result))
        try output.flush()
    }
}

import ArgumentParser
import Base
import Coordination
import Fleet
import Foundation

/// `druse bench fleet`: a run of any number of actors and reward workers, simulated.
struct BenchFleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "Simulate a run of many actors and reward workers, as one line of JSON.",
        discussion: """
            The hub and all peers are the real ones but for sockets and threads; what takes time is given. The hub's \
            own time is measured while it is simulated, unless --hub-costs gives it: then the same seed gives the \
            same line. Documentation/scale.md tells what the figures mean.
            """)

    @Option(help: "Reward workers.")
    var workers = 100

    @Option(help: "Actors.")
    var actors = 10

    @Option(help: "Threads of a reward worker.")
    var workerThreads = 1

    @Option(help: "Threads of an actor.")
    var actorThreads = 1

    @Option(help: "Of one thread to sample a crystal, seconds.")
    var sampleSeconds = 0.002

    @Option(help: "Of one thread to measure a crystal, seconds.")
    var measureSeconds = 0.0003

    @Option(help: "Of the learner to train on a crystal of a batch, all epochs and threads, seconds.")
    var trainSeconds = 0.001

    @Option(help: "Of the learner for a step beside that: archive and checkpoint, seconds.")
    var stepSeconds = 0.1

    @Option(help: "Times are drawn evenly from 1 - spread to 1 + spread times the given ones.")
    var spread = 0.3

    @Option(help: "Of a message on its way, milliseconds.")
    var latencyMilliseconds = 0.2

    @Option(help: "A version's weights, megabytes.")
    var weightMegabytes = 20.0

    @Option(help: "From the learner's machine to all actors together, or to all relays, Gbit/s.")
    var bandwidth = 10.0

    @Option(help: "Relays, which pull weights from the learner and hand them on to their actors; 0: none.")
    var relays = 0

    @Option(help: "From each relay's machine to all of its actors together, Gbit/s.")
    var relayBandwidth = 10.0

    @Option(
        parsing: .upToNextOption,
        help: "The hub's time for a frame and for each of its bytes, microseconds; measured if not given.")
    var hubCosts: [Double] = []

    @Option(help: "What sockets add to the hub's measured time, microseconds a frame.")
    var socketMicroseconds = 5.0

    @Option(help: "Crystals of a unit, which an actor samples at once.")
    var crystalsPerUnit = 32

    @Option(help: "Crystals of a task, which a reward worker measures at once.")
    var crystalsPerTask = 8

    @Option(help: "Crystals of a batch; enough for all workers if not given.")
    var crystalsPerBatch: Int?

    @Option(help: "synchronous or asynchronous.")
    var mode = "synchronous"

    @Option(help: "In the asynchronous mode, how many versions old a crystal may be.")
    var maximumStaleness = 1

    @Option(help: "Steps, of which the first is not counted.")
    var steps = 5

    @Option(help: "The longest simulated time, seconds.")
    var limit = 1e6

    @Option(help: "Of the times that are drawn.")
    var seed: UInt64 = 1

    private var model: FleetModel {
        get throws {
            var model = FleetModel()
            (model.workers, model.actors) = (workers, actors)
            (model.workerThreads, model.actorThreads) = (workerThreads, actorThreads)
            (model.sampleSeconds, model.measureSeconds) = (sampleSeconds, measureSeconds)
            (model.trainSeconds, model.stepSeconds) = (trainSeconds, stepSeconds)
            (model.spread, model.latencySeconds) = (spread, latencyMilliseconds / 1e3)
            (model.weightBytes, model.bandwidth) = (weightMegabytes * 1e6, bandwidth * 1e9 / 8)
            (model.relays, model.relayBandwidth) = (relays, relayBandwidth * 1e9 / 8)
            (model.crystalsPerUnit, model.crystalsPerTask) = (crystalsPerUnit, crystalsPerTask)
            (model.steps, model.secondsLimit, model.seed) = (steps, limit, seed)
            model.crystalsPerBatch = crystalsPerBatch ?? Self.batch(of: self)
            model.mode = try FleetMode.parse(mode, maximumStaleness: maximumStaleness)
            switch hubCosts.count {
            case 0: model.hubCost = .measured(perFrame: socketMicroseconds / 1e6)
            case 2: model.hubCost = .given(perFrame: hubCosts[0] / 1e6, perByte: hubCosts[1] / 1e6)
            default: throw ValidationError("--hub-costs takes two numbers: for a frame and for a byte")
            }
            guard ([socketMicroseconds] + hubCosts).allSatisfy({ $0 >= 0 && $0 <= 1e6 }) else {
                throw ValidationError("the hub's times must be in 0...1000000 microseconds")
            }
            if let problem = model.problems.first { throw ValidationError(problem) }
            return model
        }
    }

    /// Four tasks for each thread of the workers, or two units for each of the actors.
    private static func batch(of command: BenchFleetCommand) -> Int {
        let tasks = command.workers.multipliedReportingOverflow(by: 4 * command.workerThreads * command.crystalsPerTask)
        let units = command.actors.multipliedReportingOverflow(by: 2 * command.actorThreads * command.crystalsPerUnit)
        guard !tasks.overflow, !units.overflow else { return 10_000_000 }
        return min(10_000_000, max(1024, tasks.partialValue, units.partialValue))
    }

    func validate() throws {
        guard (1...1 << 20).contains(workers), (1...1 << 20).contains(actors), (1...1024).contains(workerThreads),
            (1...1024).contains(actorThreads), (1...1024).contains(crystalsPerUnit),
            (1...256).contains(crystalsPerTask)
        else {
            throw ValidationError(
                "there must be workers and actors of 1...1024 threads, 1...1024 crystals a unit and 1...256 a task")
        }
        let model = try model
        if let problem = try Self.configuration(of: model).problems.first { throw ValidationError(problem) }
    }

    /// How the learner of a simulated fleet is set up.
    static func configuration(of model: FleetModel) throws -> LearnerConfiguration {
        var configuration = LearnerConfiguration(
            run: "simulation", runSeed: model.seed, endpoint: try Endpoint("tcp://127.0.0.1:5555"),
            versions: model.steps, crystalsPerBatch: model.crystalsPerBatch, crystalsPerUnit: model.crystalsPerUnit,
            crystalsPerTask: model.crystalsPerTask)
        configuration.mode = model.mode
        // A lease is for what is lost, and nothing is lost here.
        configuration.timing.unitLease = .seconds(1e6)
        configuration.timing.taskLease = .seconds(1e6)
        return configuration
    }

    func run() throws {
        let model = try model
        var simulation = try FleetSimulation(model, configuration: Self.configuration(of: model))
        guard try simulation.run(untilStep: 1) else {
            throw ToolFailure("not even one step was made in \(limit) simulated seconds: raise --limit")
        }
        let before = simulation.tally
        _ = try simulation.run(untilStep: steps)
        guard simulation.stepsMade >= 2 else {
            throw ToolFailure("one step was made in \(limit) simulated seconds, and two are needed: raise --limit")
        }
        let output = StandardOutput()
        try output.write(line: JSONLine.text(of: FleetResult(simulation, from: before, to: simulation.tally)))
        try output.flush()
    }
}

/// How sampling and training take turns, by name.
enum FleetMode {
    static func parse(_ name: String, maximumStaleness: Int) throws -> LearnerConfiguration.Mode {
        switch name {
        case "synchronous": return .synchronous
        case "asynchronous": return .asynchronous(maximumStaleness: maximumStaleness)
        default: throw ValidationError("there is no mode \(name); there are synchronous and asynchronous")
        }
    }
}

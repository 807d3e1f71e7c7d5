import Base
import Foundation
import Kernels

/// The result of one benchmark: one JSON line, its keys in snake case.
struct BenchmarkRecord: Encodable, Sendable {
    /// The record as a line of JSON.
    func line() throws -> String { try JSONLine.text(of: self) }

    /// A figure of the reference implementation that this one stands beside.
    struct Reference: Encodable, Sendable {
        var crystalsPerSecond: Double
        var whereMeasured: String

        init(_ crystalsPerSecond: Double, _ whereMeasured: String) {
            self.crystalsPerSecond = crystalsPerSecond
            self.whereMeasured = whereMeasured
        }
    }

    /// What a version of weights costs on its way to actors.
    struct Weights: Encodable, Sendable {
        var byteCount: Int
        var actors: Int
        /// Whole and pieces, as the design has it.
        var bytesHashedByLearner: Int
        var bytesHashedPerActor: Int
        var bytesSentPerActor: Double
        /// Hashing and cutting, once.
        var offerSeconds: Double
        var hubSecondsPerActor: Double
        var actorSeconds: Double
        /// The same times in copies of the weights that could be made meanwhile.
        var copiesByHub: Double
        var copiesByActor: Double
    }

    /// What the hub's threads take where its peers are real connections.
    struct Sockets: Encodable, Sendable {
        /// By the clock, and what the peers asked for at most; nil: as much as goes.
        var crystalsPerSecondByClock: Double
        var crystalsPerSecondOffered: Double?
        /// Processor time of the hub's thread, and of the library's own thread behind it, for a crystal.
        var hubMicrosecondsPerCrystal: Double
        var transportMicrosecondsPerCrystal: Double
        /// From a result's sending to the next task's coming, as a reward worker sees it.
        var dispatchMicroseconds: LatencyQuantiles
    }

    /// What the learner does between a batch and the next version's announcement, seconds, each the median.
    struct Step: Encodable, Sendable {
        var storeBatch: Double
        var train: Double
        var checkpoint: Double
        /// The part of the training that is no gradient: the new weights as a file, hashed and cut into pieces.
        var offer: Double
        var checkpointBytes: Int
    }

    /// What it costs to see a fleet, seconds each.
    struct Status: Encodable, Sendable {
        /// On the hub's thread, about once a second.
        var lookSeconds: Double
        /// On the observer's thread, as often.
        var composeSeconds: Double
        /// Of `/metrics` and `/status.json`, when somebody asks.
        var metricsBytes: Int
        var metricsSeconds: Double
        var jsonBytes: Int
        var jsonSeconds: Double
    }

    /// What was measured: sample, logp, actor-unit, ppo-step, score, forces, property, relax, hull, match, hub,
    /// hub-sockets, status, step, weights, machine.
    var benchmark: String
    /// The sizes: full (the published 4.83 M parameters) or embedded (the base policy); for scores and
    /// forces, the crystals.
    var shape: String
    var threads: Int
    var crystals: Int
    var seconds: Double
    var crystalsPerSecond: Double
    /// Parameters of the policy, where one is used.
    var parameters: Int?
    var tokensPerCrystal: Double?
    /// Useful floating-point operations: 2 a parameter and token forward, 6 with the gradient.
    var gflopPerSecond: Double?
    /// Mean atoms in the cell whose energy is computed.
    var atomsPerCrystal: Double?
    /// Mean steps of a relaxation, and the share that converged.
    var relaxationSteps: Double?
    var convergedShare: Double?
    /// Samples that equal none before them, and those that are known, where structures are matched.
    var uniqueCrystals: Int?
    var knownCrystals: Int?
    /// The yardstick of the machine.
    var stepsPerSecond: Double?
    /// Simulated peers of the hub.
    var peers: Int?
    /// Processor time and traffic of the hub's thread.
    var microsecondsPerCrystal: Double?
    var bytesPerCrystal: Double?
    /// Of the hub's core: from a frame that makes room at a peer to the frame with its next work.
    var dispatchMicroseconds: LatencyQuantiles?
    var sockets: Sockets?
    var status: Status?
    var weights: Weights?
    var step: Step?
    /// CPU time of all threads, where it is measured: it says more than `seconds` where others use the machine too.
    var cpuSeconds: Double?
    /// Memory pages that the system provided anew for a unit: a page allocated, cleared and given back each time.
    var pageFaultsPerUnit: Double?
    var reference: [Reference]?
    var machine: String
    var toolchain: String

    init(benchmark: String, shape: String, threads: Int, crystals: Int, seconds: Double) {
        self.benchmark = benchmark
        self.shape = shape
        self.threads = threads
        self.crystals = crystals
        self.seconds = seconds
        crystalsPerSecond = Double(crystals) / max(seconds, 1e-9)
        machine = Self.machineName
        toolchain = Self.toolchainName
    }

    /// Adds what a network's operations were.
    mutating func setNetwork(parameters: Int, tokens: Int, operationsPerWeight: Double) {
        self.parameters = parameters
        tokensPerCrystal = Double(tokens) / Double(max(1, crystals))
        gflopPerSecond = operationsPerWeight * Double(parameters) * Double(tokens) / max(seconds, 1e-9) / 1e9
    }

    private static var machineName: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name =
            line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        return "\(name), \(ThreadTeam.availableCores) cores, OpenBLAS for \(BLAS.coreName)"
    }

    private static var toolchainName: String {
        #if swift(>=6.3)
            let swift = "Swift 6.3 or later"
        #elseif swift(>=6.2)
            let swift = "Swift 6.2"
        #else
            let swift = "Swift 6.1"
        #endif
        #if DEBUG
            return "\(swift), debug build"
        #else
            return "\(swift), release build"
        #endif
    }
}

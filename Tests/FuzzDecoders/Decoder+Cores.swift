import Base
import FleetFixtures
import Foundation
import SwiftProtobuf
import Trajectories

@testable import Coordination
@testable import Protocol

// Whole conversations: what one side says, in text form, to the core of the other side, which answers and keeps its
// accounts. They begin with those of a small run.
extension Decoder {
    static let cores = [
        Decoder(name: "hub", seeds: { try Conversation.recorded().toHub }, words: fieldNames, read: hearAsHub),
        Decoder(
            name: "actor", seeds: { try Conversation.recorded().toStations.prefix(1).map { $0 } }, words: fieldNames,
            read: hearAsActor),
        Decoder(
            name: "reward-worker", seeds: { try Conversation.recorded().toStations.suffix(1).map { $0 } },
            words: fieldNames, read: hearAsWorker),
        Decoder(name: "relay", seeds: { try relaySeeds() }, words: fieldNames, read: hearAsRelay),
    ]

    private static func hearAsHub(_ bytes: [UInt8]) throws {
        var simulation = try Conversation.simulation()
        for (turn, part) in Conversation.parts(bytes).enumerated() {
            guard let frame = try? frame(ofText: part.text) else { continue }
            let now = Toys.begin.advanced(by: .milliseconds(20 * turn))
            simulation.hub.receive(frame, from: RoutingID(bytes: [part.speaker, 0, 0, 0]), now: now)
            if turn % 8 == 7 { simulation.hub.tick(now: now) }
            _ = simulation.hub.takeEffects()
            simulation.hub.checkInvariants()
            _ = simulation.hub.state(now: now)
        }
    }

    private static func hearAsActor(_ bytes: [UInt8]) throws {
        var core = ActorCore(
            SamplingWork(), configuration: try Conversation.peer(), generator: SeededGenerator(seed: 2))
        core.start(now: Toys.begin)
        for (turn, part) in Conversation.parts(bytes).enumerated() {
            guard let message = try? HubMessage.decode(frame(ofText: part.text)) else { continue }
            let now = Toys.begin.advanced(by: .milliseconds(20 * turn))
            core.receive(message, now: now)
            for job in core.takeJobs() {
                switch job {
                case .prepare(let settings): core.finished(.prepared(settings: settings, problem: nil), now: now)
                case .load(_, _, let announcement): core.finished(.loaded(announcement, problem: nil), now: now)
                case .sample(var grant):
                    // Long units take time, and show nothing new.
                    grant.unit.crystalCount = min(grant.unit.crystalCount, 8)
                    let crystals = try Toys.crystals(of: grant.unit)
                    core.finished(.sampled(grant, crystals: crystals, problem: nil, seconds: 1), now: now)
                }
            }
            if turn % 4 == 3 { core.tick(now: now) }
            try check(core.takeEffects())
        }
    }

    private static func hearAsWorker(_ bytes: [UInt8]) throws {
        var core = RewardWorkerCore(
            MeasuringWork(), configuration: try Conversation.peer(), generator: SeededGenerator(seed: 3))
        core.start(now: Toys.begin)
        for (turn, part) in Conversation.parts(bytes).enumerated() {
            guard let message = try? HubMessage.decode(frame(ofText: part.text)) else { continue }
            let now = Toys.begin.advanced(by: .milliseconds(20 * turn))
            core.receive(message, now: now)
            for job in core.takeJobs() {
                switch job {
                case .prepare(let recipes): core.finished(.prepared(recipes, usable: .success(recipes)), now: now)
                case .prepareFurther(let recipes):
                    core.finished(.preparedFurther(recipes, usable: recipes), now: now)
                case .keep(let blob, _): core.finished(.kept(blob.digest), now: now)
                case .measure(let task, _):
                    let results = task.items.map { MeasuringResult(outcome: Toys.outcome(of: $0), seconds: 0.1) }
                    core.finished(.measured(task, results, seconds: 1), now: now)
                }
            }
            if turn % 4 == 3 { core.tick(now: now) }
            try check(core.takeEffects())
        }
    }

    /// What a peer says, its hub can read.
    private static func check(_ effects: [PeerEffect]) throws {
        for case .send(let message, let session) in effects {
            let frame: [UInt8] = try message.encode(session: session)
            do { _ = try PeerMessage.decode(frame) } catch { expect(false, "its own message: \(error)") }
        }
    }

    private static func hearAsRelay(_ bytes: [UInt8]) throws {
        var core = RelayCore(capacity: 2000)
        let blob = Blob([UInt8](repeating: 7, count: 1000), chunkBytes: 300)
        for (turn, part) in Conversation.parts(bytes).enumerated() {
            let now = Toys.begin.advanced(by: .seconds(turn))
            let routing = RoutingID(bytes: [part.speaker])
            switch part.speaker {
            case 0:
                let piece = BlobChunk(blob: blob.digest, index: turn % 4, bytes: blob.chunk(turn % 4))
                core.take(.piece(piece, of: blob.manifest))
            case 1: core.take(turn % 2 == 0 ? .retired(blob.digest) : .lacking(blob.digest))
            case 2: core.undeliverable(to: routing)
            default: _ = (try? frame(ofText: part.text)).map { core.receive($0, from: routing, now: now) }
            }
            core.tick(now: now)
            for case .send(let message, _) in core.takeEffects() { _ = try message.encode() as [UInt8] }
            _ = core.figures(now: now)
        }
    }

    private static func relaySeeds() throws -> [[UInt8]] {
        let blob = Blob([UInt8](repeating: 7, count: 1000), chunkBytes: 300)
        let asked = (0..<4).map { PeerMessage.chunkRequest(blob.digest, index: $0) }
        let frames = try (asked + SampleMessages.peer()).map { try $0.encode(session: 0) as [UInt8] }
        let text = try texts(frames).map(\.text)
        let parts = text.enumerated().map { "\(3 + $0 % 2)\n\($1)" }
        return [Conversation.text(parts), Conversation.text((0..<4).flatMap { ["0\n", parts[$0]] } + ["1\n"] + parts)]
    }
}

/// Messages in a row, each with the number of whoever says it.
private enum Conversation {
    private static let border = "----\n"

    static func text(_ parts: [String]) -> [UInt8] { [UInt8](text: parts.joined(separator: border)) }

    static func parts(_ bytes: [UInt8]) -> [(speaker: UInt8, text: [UInt8])] {
        bytes.text.components(separatedBy: border).prefix(64).map { part in
            let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return (UInt8(lines[0]) ?? 3, [UInt8](text: lines.count > 1 ? String(lines[1]) : ""))
        }
    }

    static func peer() throws -> PeerConfiguration {
        PeerConfiguration(endpoint: try Endpoint("tcp://127.0.0.1:5555"), build: "test", host: "test", process: 1)
    }

    /// A hub that has begun, with nobody there.
    static func simulation() throws -> Simulation {
        var configuration = try Toys.configuration(versions: 2, crystalsPerBatch: 4)
        configuration.crystalsPerUnit = 2
        configuration.peerCapacity = 8
        var simulation = Simulation(configuration)
        simulation.begin(version: 0, weights: [UInt8](repeating: 5, count: 100))
        return simulation
    }

    /// What is said in a run of one step with an actor, a worker and an evaluation: to the hub, and to the first two.
    static func recorded() throws -> (toHub: [[UInt8]], toStations: [[UInt8]]) {
        var simulation = try simulation()
        let actor = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker)
        let recipes = WorkRecipes(recipes: ["{}"], itemsPerTask: 2)
        let evaluation = try simulation.addEvaluation(recipes)
        var toHub: [String] = []
        var toStations: [[String]] = [[], []]
        for turn in 0..<200 {
            if let (routing, frame) = simulation.toHub.first {
                let text = try Druse_Envelope(frame: frame).textFormatString()
                toHub.append("\(routing.bytes.first ?? 0)\n\(text)")
            }
            simulation.deliverToHub()
            for (index, station) in [actor, worker, evaluation].enumerated() {
                if index < 2, let message = station.inbox.first {
                    let text = try Druse_Envelope(frame: message.encode()).textFormatString()
                    toStations[index].append("3\n\(text)")
                }
                simulation.deliver(to: station)
                try simulation.work(station)
            }
            if turn == 40 {
                let item = WorkItem(job: 0, index: 0, form: .atoms(try SampleMessages.structure()))
                simulation.ask(evaluation, [NumberedItem(number: 7, recipe: 0, item: item)])
            }
            if turn % 20 == 19 { simulation.advance(.seconds(1)) }
        }
        return ([text(toHub)], toStations.map(text))
    }
}

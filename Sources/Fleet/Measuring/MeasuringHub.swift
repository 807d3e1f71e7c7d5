package import Base
package import Coordination
package import Security
package import Trajectories
internal import Transport

/// A hub without a run: it has items measured by the reward workers that connect to it.
///
/// Whoever wants something measured waits for it, on a thread of its own; workers may come, go and be killed meanwhile.
/// Safe to use from any thread.
package final class MeasuringHub: Sendable {
    /// Without a worker for this long it says so.
    private static let patience = Duration.seconds(10)
    /// How often it says so again.
    private static let longestPatience = Duration.seconds(60)

    private let configuration: LearnerConfiguration
    private let hub: Hub
    private let context: ZMQContext
    private let desk: MeasuringDesk
    private let engines: BroughtEngines
    private let threads: [RoleThread]
    /// Where workers connect to.
    package let endpoint: Endpoint

    /// Listens, and takes workers in from now on.
    ///
    /// - Parameters:
    ///   - run: what workers call it.
    ///   - recipes: how items are measured, by their places in the list.
    ///   - files: which the recipes name.
    ///   - itemsPerTask: what a worker is given at a time.
    ///   - stop: asks to end: all that is waited for fails.
    ///   - say: takes readable lines; called on threads of the hub's own.
    /// - Throws: ``RoleError``.
    package init(
        run: String, endpoint: Endpoint, isInsecure: Bool, credentials: LearnerCredentials? = nil,
        recipes: [MeasuringRecipe], files: [Blob],
        itemsPerTask: Int, taskLease: Duration? = nil, stop: StopToken, say: @escaping @Sendable (String) -> Void
    ) throws {
        var configuration = LearnerConfiguration(
            run: run, runSeed: 0, endpoint: endpoint, versions: 1, crystalsPerBatch: 1, crystalsPerUnit: 1,
            crystalsPerTask: itemsPerTask)
        configuration.measuresAlone = true
        configuration.isInsecure = isInsecure
        configuration.credentials = credentials
        configuration.recipes = recipes
        configuration.files = files
        if let taskLease { configuration.timing.taskLease = taskLease }
        let capacity = PeerCapacity(descriptors: StandardDescriptors.limit)
        (configuration.peerCapacity, configuration.strangerCapacity) = (capacity.peers, capacity.strangers)
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        self.configuration = configuration
        let (context, desk, engines) = (try ZMQContext(), MeasuringDesk(), BroughtEngines())
        let hub = try Hub(configuration: configuration, context: context)
        (self.context, self.hub, self.desk, self.engines) = (context, hub, desk, engines)
        switch hub.outputs.receive(timeout: .seconds(30)) {
        case .started(let place): self.endpoint = place
        case .failed(let reason):
            context.shutDown()
            throw RoleError.io(reason)
        default:
            context.shutDown()
            throw RoleError.io("the hub did not start within 30 s")
        }
        threads = [
            RoleThread(name: "results") { Self.takeResults(of: hub, desk, stop) },
            RoleThread(name: "peers") { Self.tell(of: hub, engines, say) },
        ]
    }

    /// Has an item measured, and waits for the result.
    ///
    /// - Parameter recipe: the place of its recipe.
    /// - Throws: ``RoleError`` if there will be none.
    package func measure(_ item: WorkItem, recipe: Int) throws(RoleError) -> MeasuringResult {
        try desk.wait { number in
            hub.post(.measure([QueuedWork(number: number, recipe: recipe, item: item)]))
        }
    }

    /// What a worker brought that has measured by an engine of this name; nil where none has.
    package func engine(named name: String) -> BroughtEngine? { engines.wait(for: name) }

    /// Tells the workers to leave, waits until they have, and ends.
    package func finish(_ reason: String) {
        hub.post(.finish(reason))
        _ = hub.join(timeout: configuration.timing.drain + .seconds(5))
        for thread in threads { _ = thread.join(timeout: .seconds(5)) }
        context.shutDown()
    }

    private static func takeResults(of hub: Hub, _ desk: MeasuringDesk, _ stop: StopToken) {
        while !hub.outputs.isExhausted {
            if let reason = stop.reason { desk.fail(.work("stopped (\(reason))")) }
            switch hub.outputs.receive(timeout: .milliseconds(200)) {
            case .measured(let work): desk.give(work.map { ($0.number, $0.result) })
            case .failed(let reason): desk.fail(.io(reason))
            case .aborted(let error): desk.fail(error)
            case .ended: desk.fail(.io("the hub has ended"))
            case .started, .batch, nil: continue
            }
        }
        desk.fail(.io("the hub has ended"))
    }

    /// Says who comes and goes, and who is missing.
    private static func tell(of hub: Hub, _ engines: BroughtEngines, _ say: @Sendable (String) -> Void) {
        var (workers, lastTold, pause) = (0, Moment.now, patience)
        while !hub.events.isExhausted {
            switch hub.events.receive(timeout: .seconds(1)) {
            case .peerJoined(let peer):
                if peer.role == .rewardWorker { workers += 1 }
                pause = patience
                say("joined: \(peer), \(peer.threads) threads")
            case .peerLeft(let peer, let departure):
                if peer.role == .rewardWorker { workers -= 1 }
                pause = patience
                say(text(of: departure, peer))
            case .problem(let text): say(text)
            case .engineBound(let engine): engines.add(engine)
            case .roleReport, .hubReport, .fleet, nil: break
            }
            guard lastTold.duration(to: .now) > pause else { continue }
            lastTold = .now
            let wants = wants(hub.state, workers: workers)
            for text in wants { say(text) }
            // Soon when something is wanted anew, then rarely.
            pause = wants.isEmpty ? patience : longestPatience
        }
    }

    private static func text(of departure: PeerDeparture, _ peer: PeerDescription) -> String {
        switch departure {
        case .goodbye(let text): "left: \(peer): \(text)"
        case .lost: "lost: \(peer); its work goes to others"
        case .replaced: "came back: \(peer)"
        case .refused(let reason): "turned away: \(peer): \(reason)"
        }
    }

    /// What nobody measures, though it waits.
    private static func wants(_ state: HubReport?, workers: Int) -> [String] {
        guard let state, state.recipes.contains(where: { $0.crystalsWaiting > 0 }) else { return [] }
        if workers == 0 { return ["no reward worker is here: start some with reward-worker --connect"] }
        return state.recipes.filter { $0.crystalsWaiting > 0 && $0.workers == 0 }.map { recipe in
            if let engine = recipe.broughtEngine {
                "\(recipe.crystalsWaiting) crystals wait for \(engine): start a reward worker with --engine"
            } else {
                "\(recipe.crystalsWaiting) crystals wait, and no reward worker has their potential: start one without "
                    + "--engine"
            }
        }
    }
}

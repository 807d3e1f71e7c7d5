package import Base
package import Coordination
package import Logging
internal import Protocol
package import Trajectories
internal import Transport

/// Has items measured by the reward workers of a running learner, after its own.
///
/// Whoever wants something measured waits for it, on a thread of its own. Safe to use from any thread.
package final class MeasuringClient: Sendable {
    /// Items that wait for the connection's next turn: each thread that waits has one.
    private static let capacity = WireLimits.otherItems

    private let desk = MeasuringDesk()
    private let inputs: Mailbox<NumberedItem>
    private let leave = StopToken()
    private let thread: RoleThread

    /// Connects, and goes on trying until the configuration's patience is over.
    ///
    /// - Parameters:
    ///   - recipes: how items are measured, one line of JSON each; they name no files but those that the learner's run
    ///     has.
    ///   - itemsPerTask: what a worker is given at a time.
    ///   - stop: asks to end: all that is waited for fails.
    package init(
        configuration: PeerConfiguration, recipes: [String], itemsPerTask: Int, stop: StopToken, logger: Logger
    ) throws {
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        guard recipes.count <= WireLimits.otherRecipes else {
            throw RoleError.configuration(["\(recipes.count) recipes are more than a learner takes"])
        }
        let wakeup = try Wakeup()
        let inputs = Mailbox<NumberedItem>(capacity: Self.capacity, wakeup: wakeup)
        self.inputs = inputs
        let (desk, leave) = (desk, leave)
        leave.addWakeup(wakeup)
        stop.addWakeup(wakeup)
        let work = EvaluationWork(recipes: WorkRecipes(recipes: recipes, itemsPerTask: itemsPerTask)) { results in
            desk.give(results.map { ($0.number, $0.result) })
        }
        thread = RoleThread(name: "evaluation") {
            do {
                let context = try ZMQContext()
                defer { context.shutDown() }
                let pool = JobPool<EvaluationWork.Job, EvaluationWork.Output>(
                    name: "none", threads: 0, wakeup: wakeup
                ) {
                    { $0 }
                }
                var loop = PeerLoop(
                    core: EvaluationCore(work, configuration: configuration, generator: SystemRandomNumberGenerator()),
                    configuration: configuration, context: context, wakeup: wakeup, pool: pool, inputs: inputs,
                    logger: logger)
                _ = try loop.run(stop: leave, or: stop)
                desk.fail(
                    stop.reason.map { .work("stopped (\($0))") }
                        ?? .cannotGoOn("\(configuration.learnerName) has ended its run"))
            } catch {
                desk.fail(error as? RoleError ?? .io("\(error)"))
            }
        }
    }

    /// Has an item measured, and waits for the result.
    ///
    /// - Parameter recipe: the place of its recipe.
    /// - Throws: ``RoleError`` if there will be none.
    package func measure(_ item: WorkItem, recipe: Int) throws(RoleError) -> MeasuringResult {
        try desk.wait { number in
            inputs.post(NumberedItem(number: number, recipe: recipe, item: item), bounded: "each thread waits for one")
        }
    }

    /// Leaves the learner.
    package func finish() {
        leave.stop("the evaluation ends")
        _ = thread.join(timeout: .seconds(10))
    }
}

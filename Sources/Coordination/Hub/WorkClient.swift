internal import Protocol
internal import Trajectories

/// An evaluation that has items measured by the workers of a learner.
struct WorkClient: Sendable {
    let session: SessionID
    /// Told once; until then it has nothing measured.
    var recipes: [MeasuringRecipe] = []
    /// Of its tasks; nil: as the run's.
    var itemsPerTask: Int?
    /// Its own numbers by those of the hub, and the other way round, of items that are not measured yet.
    var numbers: [Int: Int] = [:]
    var known: [Int: Int] = [:]
    /// Results that did not fit into the queue towards it.
    var outbox: [NumberedResult] = []

    init(session: SessionID) { self.session = session }
}

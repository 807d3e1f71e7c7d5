import Synchronization

/// The phase diagrams that were built last, by chemical system.
///
/// Safe to use from any thread. Two threads that ask for a new system at once both build it; the result is the same.
final class ChemicalSystemCache: Sendable {
    private struct State {
        var diagrams: [ElementSet: Result<PhaseDiagram, HullError>] = [:]
        /// In order of arrival.
        var arrivals: [ElementSet] = []
        var nextArrival = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: the most systems that are kept; the one that came first goes first.
    /// - Precondition: at least 1.
    init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// The number of systems kept.
    var count: Int { state.withLock { $0.diagrams.count } }

    /// The diagram of a system, built if it is not here; failures are kept as well.
    func diagram(
        of system: ElementSet, build: () throws(HullError) -> PhaseDiagram
    ) throws(HullError) -> PhaseDiagram {
        if let known = state.withLock({ $0.diagrams[system] }) { return try known.get() }
        let built: Result<PhaseDiagram, HullError>
        do throws(HullError) { built = .success(try build()) } catch { built = .failure(error) }
        let kept = state.withLock { state in
            if let other = state.diagrams[system] { return other }
            if state.arrivals.count < capacity {
                state.arrivals.append(system)
            } else {
                state.diagrams[state.arrivals[state.nextArrival]] = nil
                state.arrivals[state.nextArrival] = system
                state.nextArrival = (state.nextArrival + 1) % capacity
            }
            state.diagrams[system] = built
            return built
        }
        return try kept.get()
    }
}

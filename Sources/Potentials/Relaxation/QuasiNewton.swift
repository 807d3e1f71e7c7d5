/// L-BFGS from a guess of the second derivatives, with steps that are limited and taken back where they lead uphill.
struct QuasiNewton: Minimizer {
    private var position: [Double]
    private var energy = Double.infinity
    private var forces: [Double] = []
    /// The step from the accepted point to the one asked for.
    private var step: [Double] = []
    private var history: [Pair] = []
    /// Steps in a row that were taken back.
    private var failures = 0
    private let hessian: ModelHessian?
    private let limit: @Sendable ([Double]) -> Double
    /// eV; rounding of energies.
    private let noise: Double

    /// A change of the coordinates and of the slope.
    private struct Pair {
        let step: [Double]
        let change: [Double]
        /// Their product, eV.
        let curvature: Double
    }

    private static let memory = 20
    private static let mostFailures = 8

    /// - Parameters:
    ///   - limit: what a step has to be scaled by to keep within the limits, at most 1.
    ///   - noise: how much an energy may rise by rounding alone, eV.
    init(start: [Double], hessian: ModelHessian?, noise: Double, limit: @escaping @Sendable ([Double]) -> Double) {
        position = start
        step = [Double](repeating: 0, count: start.count)
        self.hessian = hessian
        self.noise = noise
        self.limit = limit
    }

    mutating func advance(_ sample: MinimizerSample) -> MinimizerAdvice {
        guard case .point(let energy, let forces) = sample else { return retry(factor: 0.25) }
        let slope = self.forces.isEmpty ? 0 : innerProduct(self.forces, step)
        guard energy <= self.energy - 1e-4 * slope + noise else {
            return retry(factor: shortening(energy, slope: slope, endSlope: innerProduct(forces, step)))
        }
        if !self.forces.isEmpty { remember(forces) }
        position = added(position, 1, step)
        self.energy = energy
        self.forces = forces
        failures = 0
        step = limited(direction())
        return .accept(next: added(position, 1, step))
    }

    private mutating func retry(factor: Double) -> MinimizerAdvice {
        guard !forces.isEmpty else { return .stalled }
        failures += 1
        if failures > QuasiNewton.mostFailures {
            // What was learnt of the slopes may be wrong: once more without.
            guard !history.isEmpty else { return .stalled }
            history.removeAll()
            failures = 1
            step = limited(direction())
            step = step.map { 0.1 * $0 }
        } else {
            step = step.map { factor * $0 }
        }
        return .retry(next: added(position, 1, step))
    }

    /// Where the cubic through both ends has its minimum, as a share of the step.
    private func shortening(_ end: Double, slope: Double, endSlope: Double) -> Double {
        // On the step's line: value 0 and derivative -slope at 0, value `rise` and derivative -endSlope at 1.
        let rise = end - energy
        let a = -slope - endSlope - 2 * rise
        let b = 3 * rise + 2 * slope + endSlope
        let root = b * b + 3 * a * slope
        guard root >= 0 else { return 0.5 }
        let share = slope / (b + root.squareRoot())
        return share.isFinite ? min(0.5, max(0.1, share)) : 0.5
    }

    private mutating func remember(_ forces: [Double]) {
        let change = added(self.forces, -1, forces)
        let curvature = innerProduct(step, change)
        let size = (innerProduct(step, step) * innerProduct(change, change)).squareRoot()
        guard curvature > 1e-4 * size, size > 0 else { return }
        history.append(Pair(step: step, change: change, curvature: curvature))
        if history.count > QuasiNewton.memory { history.removeFirst() }
    }

    /// The step to where the slopes, extrapolated, vanish.
    private func direction() -> [Double] {
        var vector = forces
        var shares: [Double] = []
        for pair in history.reversed() {
            let share = innerProduct(pair.step, vector) / pair.curvature
            shares.append(share)
            vector = added(vector, -share, pair.change)
        }
        var scale = 1.0
        if let last = history.last {
            scale = last.curvature / innerProduct(last.change, preconditioned(last.change))
        }
        vector = preconditioned(vector).map { scale * $0 }
        for (pair, share) in zip(history, shares.reversed()) {
            let other = innerProduct(pair.change, vector) / pair.curvature
            vector = added(vector, share - other, pair.step)
        }
        return vector
    }

    private func preconditioned(_ vector: [Double]) -> [Double] {
        hessian?.solve(vector) ?? vector.map { $0 / 10 }
    }

    private func limited(_ step: [Double]) -> [Double] {
        let factor = limit(step)
        return factor < 1 ? step.map { factor * $0 } : step
    }
}

/// FIRE (Bitzek et al., Physical Review Letters 97, 170201 (2006)), with the constants and the order of steps of ASE.
struct FastInertialRelaxation: Minimizer {
    private var position: [Double]
    private var velocity: [Double]
    private var timeStep = 0.1
    private var mixing = FastInertialRelaxation.startMixing
    private var downhillSteps = 0
    private var isFirst = true
    /// Å, over all coordinates.
    private let maximumStep: Double

    private static let startMixing = 0.1
    private static let largestTimeStep = 1.0

    init(start: [Double], maximumStep: Double) {
        position = start
        velocity = [Double](repeating: 0, count: start.count)
        self.maximumStep = maximumStep
    }

    mutating func advance(_ sample: MinimizerSample) -> MinimizerAdvice {
        guard case .point(_, let forces) = sample else { return .stalled }
        if isFirst {
            isFirst = false
        } else {
            steer(forces)
        }
        velocity = added(velocity, timeStep, forces)
        var step = velocity.map { timeStep * $0 }
        let length = innerProduct(step, step).squareRoot()
        if length > maximumStep { step = step.map { $0 * (maximumStep / length) } }
        position = added(position, 1, step)
        return .accept(next: position)
    }

    private mutating func steer(_ forces: [Double]) {
        guard innerProduct(forces, velocity) > 0 else {
            velocity = [Double](repeating: 0, count: velocity.count)
            mixing = FastInertialRelaxation.startMixing
            timeStep *= 0.5
            downhillSteps = 0
            return
        }
        let speed = innerProduct(velocity, velocity).squareRoot()
        let force = innerProduct(forces, forces).squareRoot()
        velocity = added(velocity.map { (1 - mixing) * $0 }, mixing * speed / force, forces)
        if downhillSteps > 5 {
            timeStep = min(1.1 * timeStep, FastInertialRelaxation.largestTimeStep)
            mixing *= 0.99
        }
        downhillSteps += 1
    }
}

/// A method that goes downhill, one evaluation at a time.
protocol Minimizer {
    /// Where to evaluate next.
    ///
    /// - Parameter sample: what was found at the point asked for last (at first: the start).
    mutating func advance(_ sample: MinimizerSample) -> MinimizerAdvice
}

/// What an evaluation gives.
enum MinimizerSample {
    /// The energy (eV) and minus its derivative by the coordinates (eV/Å).
    case point(energy: Double, forces: [Double])
    /// There is no energy here.
    case nothing
}

/// What to do next.
enum MinimizerAdvice {
    /// Goes on from the point evaluated last.
    case accept(next: [Double])
    /// The point evaluated last is worse than the one accepted before: another one, nearer to that.
    case retry(next: [Double])
    /// No step makes it better.
    case stalled
}

func innerProduct(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for index in left.indices { sum += left[index] * right[index] }
    return sum
}

/// left + factor right
func added(_ left: [Double], _ factor: Double, _ right: [Double]) -> [Double] {
    var sum = left
    for index in sum.indices { sum[index] += factor * right[index] }
    return sum
}

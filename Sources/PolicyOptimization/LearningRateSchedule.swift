import Foundation

/// The learning rate as a function of the step.
package enum LearningRateSchedule: Sendable, Hashable {
    /// rate / (1 + decay · step), the reference's; decay 0 is a constant rate. The first `warmup` steps climb to it in
    /// a line: Adam's first steps have the full size in every parameter, whatever the gradient.
    case inverse(rate: Double, decay: Double, warmup: Int = 0)
    /// Linear from 0 over `warmup` steps, then half a cosine down to `floor` · rate at `total` steps.
    case cosine(rate: Double, warmup: Int, total: Int, floor: Double)

    /// - Parameter step: from 0.
    package func rate(at step: Int) -> Double {
        switch self {
        case .inverse(let rate, let decay, let warmup):
            let climb = step < warmup ? Double(step + 1) / Double(warmup) : 1
            return climb * rate / (1 + decay * Double(step))
        case .cosine(let rate, let warmup, let total, let floor):
            if step < warmup { return rate * Double(step + 1) / Double(warmup) }
            let progress = min(1, Double(step - warmup) / Double(max(1, total - warmup)))
            return rate * (floor + (1 - floor) * 0.5 * (1 + cos(.pi * progress)))
        }
    }
}

internal import Base
internal import Coordination

/// The way of messages in one direction, on which what a ``ChaosRule`` says happens to them.
struct ChaosTransit<Generator: RandomNumberGenerator> {
    private let rule: ChaosRule
    private var generator: Generator
    private var held: [(due: Moment, frame: [UInt8])] = []

    init(_ rule: ChaosRule, generator: Generator) {
        self.rule = rule
        self.generator = generator
    }

    /// Whether the process is to kill itself now.
    mutating func isFatal() -> Bool { happens(rule.kill) }

    /// Takes a message; what of it arrives at once.
    mutating func pass(_ frame: [UInt8], now: Moment) -> [[UInt8]] {
        var arriving: [[UInt8]] = []
        for _ in 0..<(happens(rule.duplicate) ? 2 : 1) where !happens(rule.lose) {
            var frame = frame
            if happens(rule.corrupt), !frame.isEmpty {
                let place = Int.random(in: 0..<frame.count, using: &generator)
                frame[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            if happens(rule.delay) {
                let wait = Double.random(in: 0...rule.delaySeconds, using: &generator)
                held.append((now.advanced(by: .seconds(wait)), frame))
            } else {
                arriving.append(frame)
            }
        }
        return arriving
    }

    /// What was held back and arrives by now.
    mutating func due(now: Moment) -> [[UInt8]] {
        guard held.contains(where: { $0.due <= now }) else { return [] }
        defer { held.removeAll { $0.due <= now } }
        return held.filter { $0.due <= now }.map(\.frame)
    }

    private mutating func happens(_ chance: Double) -> Bool {
        chance > 0 && Double.random(in: 0..<1, using: &generator) < chance
    }
}

import Base

/// How often something may happen within an hour; what is longer ago is forgotten.
struct RestartBudget: Sendable {
    static let window = Duration.seconds(3600)

    private let limit: Int
    private var spent: [Moment] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// How often it happened in the hour before the last call.
    var count: Int { spent.count }

    /// Notes that it happens once more; false if that is too often.
    mutating func spend(now: Moment) -> Bool {
        spent.removeAll { $0.duration(to: now) >= Self.window }
        guard spent.count < limit else { return false }
        spent.append(now)
        return true
    }
}

internal import Base
internal import Foundation
internal import Monitoring

/// The verdict on a run as the page words it.
package struct RunAdvice: Sendable, Equatable {
    private var bottleneck: RunStatus.Verdict.Bottleneck
    /// One sentence.
    private var headline: String
    /// What it rests on, and what would help; a sentence each.
    private var details: [String]

    /// Where nothing is known yet.
    init() { (bottleneck, headline, details) = (.unknown, "", []) }

    /// - Parameter status: the learner's, or what a run's records say.
    init(_ verdict: RunStatus.Verdict, of status: RunStatus) {
        bottleneck = verdict.bottleneck
        headline = Self.sentence(verdict.text)
        details = [verdict.evidence, status.reason].compactMap { $0 }.map(Self.sentence)
        if let actors = status.shares?.actorsIdle, let workers = status.shares?.rewardWorkersIdle,
            bottleneck == .learner || bottleneck == .balanced
        {
            details.append(
                "Actors work \(Self.percent(1 - actors)) of the time, reward workers \(Self.percent(1 - workers)).")
        }
        guard bottleneck == .learner else { return }
        details.append(
            status.mode == .synchronous
                ? "mode: asynchronous lets actors and reward workers go on meanwhile."
                : "More cores for the learner (threads) or fewer epochs would help.")
    }

    var json: JSONValue {
        .object([
            ("bottleneck", .text(bottleneck.rawValue)), ("headline", .text(headline)),
            ("details", .list(details.map { .text($0) })),
        ])
    }

    private static func sentence(_ text: String) -> String {
        text.isEmpty ? "" : text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }

    private static func percent(_ share: Double) -> String {
        "\(HumanFormat.fixed(min(1, max(0, share)) * 100, decimals: 0))%"
    }
}

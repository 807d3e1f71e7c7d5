internal import Foundation
internal import Monitoring

// What a learner's status says on the page of its own run.
extension RunStatus {
    /// Its verdict as the page words it.
    var advice: RunAdvice? {
        guard let verdict, !verdict.text.isEmpty else { return nil }
        let bottleneck: RunAdvice.Bottleneck =
            switch verdict.bottleneck {
            case .learner: .learner
            case .actors: .actors
            case .rewardWorkers: .rewardWorkers
            case .balanced: .balanced
            case .none, .missing, .unknown: .unknown
            }
        let text = verdict.text.prefix(1).uppercased() + verdict.text.dropFirst()
        let parts = text.split(separator: " (", maxSplits: 1)
        var details: [String] = []
        // What the verdict rests on stands in brackets at its end.
        if parts.count > 1, parts[1].hasSuffix(")") {
            let reason = parts[1].dropLast()
            details.append(reason.prefix(1).uppercased() + reason.dropFirst() + ".")
        }
        if bottleneck == .learner, mode == .synchronous {
            details.append("mode: asynchronous lets actors and reward workers go on meanwhile.")
        }
        if let reason { details.append(reason.prefix(1).uppercased() + reason.dropFirst() + ".") }
        let headline = details.isEmpty || parts.count < 2 ? text : String(parts[0])
        return RunAdvice(bottleneck, headline.hasSuffix(".") ? headline : "\(headline).", details)
    }

    /// Its peers as rows.
    var rows: [FleetTable.Peer] {
        fleet.map { peer in
            let doing =
                switch peer.activity {
                case .loading: "loads"
                case .working: peer.role == "actor" ? "samples" : "measures"
                case .idle: "waits"
                case .leaving: "leaves"
                case .silent: "silent"
                }
            var row = FleetTable.Peer(
                name: peer.name, role: peer.role, doing: doing, rate: peer.rates.last10, crystals: peer.crystals,
                busy: peer.idleShare.map { 1 - $0 }, silence: peer.silentSeconds)
            row.queue = peer.heldCrystals
            row.staleness = peer.staleness
            row.memory = peer.residentBytes.map { Double($0) / 1e6 }
            row.engine = peer.engine
            row.waitsFor = peer.waitsFor
            return row
        }
    }
}

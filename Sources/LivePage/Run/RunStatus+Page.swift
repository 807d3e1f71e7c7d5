internal import Monitoring

// What a learner's status says on the page of its own run.
extension RunStatus {
    /// Its peers as rows.
    var rows: [FleetTable.Peer] {
        fleet.map { peer in
            let doing =
                switch peer.activity {
                case .loading: "loads"
                case .working: peer.role == "actor" ? "samples" : peer.role == "relay" ? "serves" : "measures"
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

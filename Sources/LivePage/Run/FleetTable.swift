internal import Base
internal import Foundation
internal import Telemetry

/// The peers of a run, as the lines of `roles.jsonl` or a running learner tell of them.
struct FleetTable {
    /// One process.
    struct Peer: Sendable {
        var name: String
        /// "actor", "reward-worker" or another word.
        var role: String
        /// What it does, in a word or two.
        var doing: String
        /// Crystals a second.
        var rate: Double
        var crystals: Int
        /// The share of the time that it works, 0...1.
        var busy: Double?
        /// What it holds and has not given back, crystals or tasks.
        var queue: Int?
        /// How many versions its weights are behind; nil where it has none.
        var staleness: Int?
        /// MB.
        var memory: Double?
        var engine: String?
        /// In words.
        var waitsFor: String?
        /// Since it was last heard of, s.
        var silence: Double
    }

    /// By which column the rows stand.
    enum Order: String, CaseIterable {
        case name, role, doing, rate, crystals, busy, queue, staleness, memory, silence
    }

    /// What is asked for.
    struct Question {
        var order = Order.rate
        var isDescending = true
        var role = ""
        /// In names, roles, what they do and engines.
        var words = ""
        var offset = 0
        var count = 50

        /// However many are asked for, no more are told at a time.
        static let mostRows = 500

        init(_ query: [String: String]) {
            order = Order(rawValue: query["sort"] ?? "") ?? .rate
            isDescending = query["order"] != "asc"
            role = query["role"] ?? ""
            words = (query["q"] ?? "").lowercased()
            offset = max(0, Int(query["offset"] ?? "") ?? 0)
            count = min(max(1, Int(query["count"] ?? "") ?? 50), Self.mostRows)
        }
    }

    var peers: [Peer] = []

    /// Peers that were not heard of for as long as this are gone, unless the run is over.
    private static let silenceLimit = 60.0

    init(peers: [Peer]) { self.peers = peers }

    /// - Parameters:
    ///   - records: The last line of each process.
    ///   - newest: The last line of any process.
    ///   - isRunning: Whether those that say nothing any more are left out.
    init(_ records: some Sequence<RoleRecord>, newest: Date, isRunning: Bool) {
        let now = isRunning ? max(newest, Date()) : newest
        let version = records.compactMap(\.weightVersion).max()
        for record in records where record.role != "learner" {
            let silence = now.timeIntervalSince(record.time)
            guard silence < Self.silenceLimit else { continue }
            let isBusy = (record.busyFraction ?? 0) > 0.02 || record.crystalsPerSecond > 0
            let work = record.role == "actor" ? "samples" : "measures"
            var peer = Peer(
                name: record.id, role: record.role, doing: !isRunning ? "left" : isBusy ? work : "waits",
                rate: record.crystalsPerSecond, crystals: record.crystals, busy: record.busyFraction, silence: silence)
            peer.memory = record.memoryMegabytes
            peer.engine = record.engine
            if record.role == "actor", let version, let own = record.weightVersion {
                peer.staleness = max(0, version - own)
            }
            peers.append(peer)
        }
    }

    /// The rows that were asked for, with the sums of all.
    func json(_ question: Question) -> JSONValue {
        let matching = peers.filter { peer in
            (question.role.isEmpty || peer.role == question.role)
                && (question.words.isEmpty
                    || [peer.name, peer.role, peer.doing, peer.engine ?? "", peer.waitsFor ?? ""]
                        .contains { $0.lowercased().contains(question.words) })
        }
        let sorted = matching.sorted { left, right in
            // Equal ones stand by name, in either direction, so that rows do not jump.
            switch Self.compare(left, right, by: question.order) {
            case 0: left.name < right.name
            case let sign: question.isDescending ? sign > 0 : sign < 0
            }
        }
        let shown = sorted.dropFirst(question.offset).prefix(question.count)
        return .object([
            ("total", .integer(peers.count)), ("matching", .integer(matching.count)),
            ("offset", .integer(question.offset)), ("roles", .list(sums)), ("rows", .list(shown.map(\.json))),
        ])
    }

    /// What the peers of each role do together.
    private var sums: [JSONValue] {
        Dictionary(grouping: peers, by: \.role).sorted { $0.key < $1.key }.map { role, members in
            let busy = members.compactMap(\.busy)
            let doing = Dictionary(members.map { ($0.doing, 1) }, uniquingKeysWith: +)
            return .object([
                ("role", .text(role)), ("peers", .integer(members.count)),
                ("rate", .number(members.reduce(0) { $0 + $1.rate })),
                ("busy", busy.isEmpty ? .number(.nan) : .number(busy.reduce(0, +) / Double(busy.count))),
                ("doing", .object(doing.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })),
                ("map", .list(Self.map(members))),
            ])
        }
    }

    /// How busy each is, in hundredths, by name; -1: not known.
    private static func map(_ members: [Peer]) -> [JSONValue] {
        members.sorted { $0.name < $1.name }.prefix(mostCells).map { peer in
            .integer(peer.busy.map { Int((min(1, max(0, $0)) * 100).rounded()) } ?? -1)
        }
    }

    /// A picture of the fleet has so many peers of a role at most.
    private static let mostCells = 4000

    private static func compare(_ left: Peer, _ right: Peer, by order: Order) -> Int {
        func sign<Value: Comparable>(_ a: Value, _ b: Value) -> Int { a < b ? -1 : a > b ? 1 : 0 }
        switch order {
        case .name: return sign(left.name, right.name)
        case .role: return sign(left.role, right.role)
        case .doing: return sign(left.doing, right.doing)
        case .rate: return sign(left.rate, right.rate)
        case .crystals: return sign(left.crystals, right.crystals)
        case .busy: return sign(left.busy ?? -1, right.busy ?? -1)
        case .queue: return sign(left.queue ?? -1, right.queue ?? -1)
        case .staleness: return sign(left.staleness ?? -1, right.staleness ?? -1)
        case .memory: return sign(left.memory ?? -1, right.memory ?? -1)
        case .silence: return sign(left.silence, right.silence)
        }
    }
}

extension FleetTable.Peer {
    var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { .number(value ?? .nan) }
        func integer(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .number(.nan) }
        return .object([
            ("name", .text(name)), ("role", .text(role)), ("doing", .text(doing)), ("rate", .number(rate)),
            ("crystals", .integer(crystals)), ("busy", number(busy)), ("queue", integer(queue)),
            ("staleness", integer(staleness)), ("memory", number(memory)), ("silence", .number(silence.rounded())),
            ("engine", engine.map { .text($0) } ?? .number(.nan)),
            ("waits_for", waitsFor.map { .text($0) } ?? .number(.nan)),
        ])
    }
}

internal import Archive
internal import Base
package import Foundation
package import Monitoring
internal import Synchronization

/// Where the metrics of a run are, in its directory: for people and programs, and for Prometheus' `file_sd`.
package final class MonitoringFiles: Sendable {
    /// The content of `monitoring.json`.
    package struct Place: Codable, Sendable, Hashable {
        package var run: String
        package var process: Int32
        /// The learner's `/metrics`.
        package var metrics: String
        /// Its `/status.json`.
        package var status: String
    }

    /// A group of targets as Prometheus reads them.
    package struct Group: Codable, Sendable, Hashable {
        package var targets: [String]
        package var labels: [String: String]
    }

    /// Where the learner serves its metrics.
    package static let placeName = "monitoring.json"
    /// Where all processes of the run do.
    package static let targetsName = "prometheus-targets.json"

    private let directory: URL
    private let address: ServedAddress
    private let run: String
    private let host: String
    private let problem: @Sendable (String) -> Void
    private let written = Mutex<[Group]>([])

    /// Writes where the learner serves.
    ///
    /// - Parameters:
    ///   - host: the learner's machine: what peers elsewhere serve at their loopback interface nobody reaches.
    ///   - problem: told what cannot be written; the run goes on.
    package init(
        directory: URL, run: String, address: ServedAddress, host: String,
        problem: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.run = run
        self.address = address
        self.host = host
        self.problem = problem
        let place = Place(
            run: run, process: ProcessInfo.processInfo.processIdentifier, metrics: "http://\(address)/metrics",
            status: "http://\(address)/status.json")
        write(place, to: Self.placeName)
        note([])
    }

    /// Writes the list of targets anew if peers came or went.
    ///
    /// - Complexity: O(n) in peers.
    package func note(_ fleet: [RunStatus.Peer]) {
        let groups = Self.groups(run: run, learner: address, host: host, fleet: fleet)
        let isNew = written.withLock { written in
            defer { written = groups }
            return written != groups
        }
        if isNew { write(groups, to: Self.targetsName) }
    }

    /// What Prometheus is to scrape: the learner, and the peers that it can reach, by role.
    package static func groups(
        run: String, learner: ServedAddress, host: String, fleet: [RunStatus.Peer]
    ) -> [Group] {
        var targets: [String: Set<String>] = ["learner": ["\(learner)"]]
        for peer in fleet {
            guard let metrics = peer.metrics else { continue }
            let isLoopback = metrics.hasPrefix("127.") || metrics.hasPrefix("localhost:") || metrics.hasPrefix("[::1]")
            if !isLoopback || peer.host == host { targets[peer.role, default: []].insert(metrics) }
        }
        return targets.sorted { $0.key < $1.key }.map { role, found in
            Group(targets: found.sorted(), labels: ["component": role, "run": run])
        }
    }

    /// Says that nobody serves any more. The list of targets stays, empty: of one that is gone Prometheus keeps what it
    /// read last, and would take the run for one that does not answer.
    package func end() {
        try? FileManager.default.removeItem(at: directory.appending(path: Self.placeName))
        write([Group](), to: Self.targetsName)
    }

    private func write(_ content: some Encodable, to name: String) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let url = directory.appending(path: name)
            try DurableFile.replace(url, with: encoder.encode(content))
        } catch { problem("cannot tell where metrics are: \(error)") }
    }
}

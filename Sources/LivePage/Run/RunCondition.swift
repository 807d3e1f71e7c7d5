internal import Archive
internal import Foundation

/// Whether a run goes on, as its directory tells.
package enum RunCondition: String, Sendable, CaseIterable {
    case running
    case finished
    /// A learner ended before the last version.
    case stopped
    /// A learner ended without closing its archive.
    case interrupted
    /// No step was made.
    case empty

    /// In a word or two, for people.
    package var words: String {
        switch self {
        case .running: "running"
        case .finished: "finished"
        case .stopped: "stopped"
        case .interrupted: "interrupted"
        case .empty: "not begun"
        }
    }

    /// - Parameters:
    ///   - steps: How many it made.
    ///   - versions: How many it is to make; nil if that is not known.
    init(_ directory: RunDirectory, steps: Int, versions: Int?) {
        if Self.isHeld(directory) {
            self = .running
        } else if let versions, steps >= versions {
            self = .finished
        } else if Self.size(directory.archive.path + "-wal") > 0 {
            self = .interrupted
        } else {
            self = steps > 0 ? .stopped : .empty
        }
    }

    /// A learner of this machine holds the lock; one of another machine or container, whose locks are not seen here,
    /// has its endpoint file there and writes a line every few seconds.
    private static func isHeld(_ directory: RunDirectory) -> Bool {
        let lock = directory.url.appending(path: "lock")
        if isLocked(lock) { return true }
        // Of this machine it would have been found.
        let holder = try? String(contentsOf: lock, encoding: .utf8)
        if holder?.firstMatch(of: /process \d+ on (\S+)/)?.output.1 == ProcessInfo.processInfo.hostName[...] {
            return false
        }
        guard FileManager.default.fileExists(atPath: directory.url.appending(path: "endpoint.json").path),
            let written = try? FileManager.default.attributesOfItem(atPath: directory.roles.path)[.modificationDate]
                as? Date
        else { return false }
        return -written.timeIntervalSinceNow < freshSeconds
    }

    private static let freshSeconds = 30.0

    /// Whether the process that a lock file names has locked it, as the system's table tells.
    ///
    /// To try the lock would be surer, and would turn away a learner that starts at the same moment.
    private static func isLocked(_ file: URL) -> Bool {
        guard let holder = try? String(contentsOf: file, encoding: .utf8),
            let process = holder.firstMatch(of: /process (\d+) on/)?.output.1,
            let inode = try? FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int,
            let table = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
        else { return false }
        return table.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 5 && words[1] == "FLOCK" && words[4] == process && words[5].hasSuffix(":\(inode)")
        }
    }

    private static func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }
}

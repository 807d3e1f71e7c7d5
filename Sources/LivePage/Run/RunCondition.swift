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

    /// A learner of this machine holds the lock; one of another machine, whose locks are not seen here, has its
    /// endpoint file there and writes a line every few seconds.
    private static func isHeld(_ directory: RunDirectory) -> Bool {
        do {
            try RunLock.checkFree(at: directory.url.appending(path: "lock"))
        } catch { return true }
        guard FileManager.default.fileExists(atPath: directory.url.appending(path: "endpoint.json").path),
            let written = try? FileManager.default.attributesOfItem(atPath: directory.roles.path)[.modificationDate]
                as? Date
        else { return false }
        return -written.timeIntervalSinceNow < freshSeconds
    }

    private static let freshSeconds = 30.0

    private static func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }
}

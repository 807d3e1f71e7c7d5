internal import Archive
package import Base
internal import Fleet
package import Foundation
internal import Synchronization
internal import Telemetry

/// Keeps what has to be kept: where the disk is full, it says so and waits for room.
///
/// The calling thread waits and no other: the hub goes on, so peers stay and work. Asked to stop meanwhile, it gives
/// the step up, which loses nothing: what was kept before is whole.
package final class RoomWait: Sendable {
    private let directory: URL
    private let stop: StopToken
    private let tell: @Sendable (String) -> Void
    private let reminder: Duration
    /// The threads that wait.
    private let waiting = Atomic<Int>(0)
    /// It tries again this long after the last time, where the disk seems to have room.
    private static let pause = Duration.seconds(1)
    /// It tries again this long after the last time in any case: quotas are seen by trying alone.
    private static let longPause = Duration.seconds(10)

    /// - Parameters:
    ///   - directory: where everything is kept.
    ///   - reminder: how often it tells again that it waits.
    ///   - tell: takes lines for a person.
    package init(
        directory: URL, stop: StopToken, reminder: Duration = .seconds(60), tell: @escaping @Sendable (String) -> Void
    ) {
        self.reminder = reminder
        self.directory = directory
        self.stop = stop
        self.tell = tell
    }

    /// Whether something waits for room at this moment.
    package var isWaiting: Bool { waiting.load(ordering: .relaxed) > 0 }

    /// Does something that writes into the directory, again and again while its disk is full.
    ///
    /// - Parameters:
    ///   - what: is kept, for people: "the checkpoint of version 3".
    ///   - bytes: about as many as it needs.
    ///   - body: may be done several times; writes all or nothing.
    /// - Throws: `StepGivenUp` if asked to stop while there is no room, and whatever else `body` throws.
    package func keep<Value>(_ what: String, bytes: Int, _ body: () throws -> Value) throws -> Value {
        var since: Moment?
        var told = Moment.now
        defer { if since != nil { waiting.subtract(1, ordering: .relaxed) } }
        while true {
            do {
                let value = try body()
                if let since {
                    tell("there is room in \(directory.path) again: \(what) is kept, after \(waited(since))")
                }
                return value
            } catch  where Self.isFullDisk(error) {
                if since == nil {
                    tell(
                        "\(error): \(what) needs about \(HumanFormat.bytes(bytes)), \(free) in \(directory.path). "
                            + "Training waits until there is room, and loses nothing")
                    (since, told) = (.now, .now)
                    waiting.add(1, ordering: .relaxed)
                }
                try wait(for: bytes) {
                    guard let since, told.duration(to: .now) >= reminder else { return }
                    told = .now
                    tell(
                        "still waiting for room in \(directory.path), for \(waited(since)): \(what) needs about "
                            + "\(HumanFormat.bytes(bytes)), \(free)")
                }
            }
        }
    }

    /// Waits until it is worth trying again.
    private func wait(for bytes: Int, _ look: () -> Void) throws {
        let last = Moment.now
        while true {
            // Nothing tells when a disk has room again; a request to stop ends the wait at once.
            if stop.wait(atMost: min(Self.pause, reminder)), let reason = stop.reason {
                throw StepGivenUp(
                    "stopping (\(reason)) while the disk of \(directory.path) is full: the step is not taken, --resume "
                        + "makes it again")
            }
            let elapsed = last.duration(to: .now)
            if elapsed >= Self.longPause { return }
            if elapsed >= Self.pause, FreeSpace.bytes(at: directory).map({ $0 >= bytes }) ?? true { return }
            look()
        }
    }

    private func waited(_ since: Moment) -> String { HumanFormat.duration(since.duration(to: .now)) }

    private var free: String {
        FreeSpace.bytes(at: directory).map { "\(HumanFormat.bytes($0)) are free" } ?? "it is not known what is free"
    }

    /// Whether an error says that a disk is full, and nothing else.
    static func isFullDisk(_ error: any Error) -> Bool {
        switch error {
        case let error as ArchiveError: error.isFullDisk
        case TelemetryError.file(_, _, let reason): FileProblem.isFullDisk(reason: reason)
        default: false
        }
    }
}

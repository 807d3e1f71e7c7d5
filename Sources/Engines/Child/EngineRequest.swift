internal import Base
package import Protocol
package import Trajectories

/// Crystals for an engine child to measure, and by which recipe: the task that the hub sends to a worker, with the
/// recipe's text in front of it.
package struct EngineRequest: Sendable {
    /// JSON of the recipe.
    package let settings: String
    package let task: RewardTask

    /// - Parameter id: unique among the requests of one engine process; never 0.
    package init(id: UInt64, settings: String, items: [WorkItem]) {
        self.settings = settings
        task = RewardTask(epoch: 0, id: id, recipe: Digest(of: settings.utf8), items: items)
    }

    /// Reads a request.
    ///
    /// - Throws: ``WireError``; nothing that a frame can hold traps.
    package init(frame: [UInt8]) throws(WireError) {
        let header = MemoryLayout<UInt32>.size
        guard frame.count >= header else { throw .malformed("a request without a recipe") }
        let length = frame.prefix(header).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= frame.count - header,
            let settings = String(validating: frame[header..<header + length], as: UTF8.self)
        else { throw .malformed("the recipe of a request") }
        guard case .task(let task) = try HubMessage.decode(Array(frame[(header + length)...])) else {
            throw .malformed("a request without a task")
        }
        self.settings = settings
        self.task = task
    }

    /// The bytes on the socket; ``init(frame:)`` reads them back.
    ///
    /// - Throws: ``OversizedMessage``.
    package func frame() throws -> [UInt8] {
        let text = Array(settings.utf8)
        let length = withUnsafeBytes(of: UInt32(text.count).littleEndian) { Array($0) }
        return length + text + (try HubMessage.task(task).encode())
    }
}

internal import Foundation
package import Trajectories

/// Which crystal each thread of an engine child has in hand, in memory that outlives the child.
///
/// A file without a name, written by the child and read by the worker: noting a crystal is one short system call, and
/// needs nobody who listens. One record of 16 bytes for each thread: the id of its request, then the index of the
/// crystal.
package final class EngineJournal: Sendable {
    /// The child finds the journal at this descriptor.
    static let childDescriptor: Int32 = 3
    private static let recordBytes = 16

    let descriptor: Int32
    private let slots: Int
    private let isOwner: Bool

    /// A blank journal.
    ///
    /// - Parameter slots: the threads of the child.
    package init(slots: Int) throws(RoleError) {
        self.slots = slots
        isOwner = true
        // Memory where the system has a file system for it; any folder for temporary files will do.
        for folder in ["/dev/shm", FileManager.default.temporaryDirectory.path] {
            var path = Array("\(folder)/druse-engine-XXXXXX".utf8CString)
            let file = mkstemp(&path)
            guard file >= 0 else { continue }
            unlink(path)
            // Away from the standard descriptors, over which the child's are laid.
            let moved = fcntl(file, F_DUPFD_CLOEXEC, 10)
            close(file)
            guard moved >= 0, ftruncate(moved, off_t(slots * Self.recordBytes)) == 0 else { break }
            descriptor = moved
            return
        }
        throw .io(
            "no temporary file can be made for the engine process (\(String(cString: strerror(errno)))); "
                + "set TMPDIR to a folder that can be written")
    }

    /// The journal that a worker passed on to this process.
    init(inherited descriptor: Int32, slots: Int) {
        self.descriptor = descriptor
        self.slots = slots
        isOwner = false
    }

    deinit { if isOwner { close(descriptor) } }

    /// Notes what a thread begins.
    package func note(slot: Int, request: UInt64, index: Int) {
        var record = (request, UInt64(index))
        withUnsafeBytes(of: &record) { bytes in
            _ = pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(slot * Self.recordBytes))
        }
    }

    /// The index of the crystal of a request that is, or was last, in hand; nil if the request was not begun.
    package func position(of request: UInt64) -> Int? {
        for slot in 0..<slots where record(slot).request == request { return record(slot).index }
        return nil
    }

    /// Whether nothing was ever begun.
    package var isBlank: Bool { (0..<slots).allSatisfy { record($0).request == 0 } }

    private func record(_ slot: Int) -> (request: UInt64, index: Int) {
        var record: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &record) { bytes in
            _ = pread(descriptor, bytes.baseAddress, bytes.count, off_t(slot * Self.recordBytes))
        }
        return (record.0, Int(truncatingIfNeeded: record.1))
    }
}

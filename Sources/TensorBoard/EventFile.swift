internal import Base
internal import Foundation
internal import SwiftProtobuf
internal import Synchronization

/// An event file, to which each event is appended as a whole.
///
/// A process writes a file of its own; TensorBoard reads all files of a folder as one.
final class EventFile: Sendable {
    private let url: URL
    private let handle: Mutex<FileHandle?>

    /// - Parameter folder: made with the first event.
    init(folder: URL, begun: Date, process: Int32) {
        // TensorBoard reads files in the order of their names.
        let name = String(format: "events.out.tfevents.%010d.%d", Int(begun.timeIntervalSince1970), process)
        url = folder.appending(path: name)
        handle = Mutex(nil)
    }

    /// Appends events, all or none of them.
    ///
    /// - Throws: `CocoaError` or `POSIXError` of the file system.
    func append(_ events: [Druse_Tensorboard_Event]) throws {
        try handle.withLock { handle in
            let file: FileHandle
            var data = Data()
            if let open = handle {
                file = open
            } else {
                file = try make()
                handle = file
            }
            let end = try file.seekToEnd()
            if end == 0 { data = RecordFrame.framed(try Self.header.serializedData()) }
            for event in events { data.append(RecordFrame.framed(try event.serializedData())) }
            do { try file.write(contentsOf: data) } catch {
                // On a full disk a part may be there, which nothing can be read behind.
                try? file.truncate(atOffset: end)
                throw error
            }
        }
    }

    private static var header: Druse_Tensorboard_Event {
        .with {
            $0.wallTime = Date().timeIntervalSince1970
            $0.fileVersion = "brain.Event:2"
        }
    }

    private func make() throws -> FileHandle {
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}

import Base
import Coordination
import Foundation

/// Looks, about once a second, into the file in which a learner says where it listens.
///
/// The file is read each time: on a network file system nobody is told of what another machine writes. It is small.
struct EndpointWatch {
    private static let interval = Duration.seconds(1)
    /// More than any learner writes.
    private static let longest = 65_536

    private let file: URL
    private var nextLook: Moment?
    private var seen: LearnerPlace?

    init(path: String) { file = URL(filePath: path) }

    /// Where the learner is, if the file says something else than before, or why it does not say; nil if nothing is
    /// new.
    mutating func look(now: Moment) -> Result<LearnerPlace, EndpointFileProblem>? {
        if let nextLook, now < nextLook { return nil }
        nextLook = now.advanced(by: Self.interval)
        do throws(EndpointFileProblem) {
            let place = try LearnerPlace(content: try content())
            guard place != seen else { return nil }
            seen = place
            return .success(place)
        } catch { return .failure(error) }
    }

    private func content() throws(EndpointFileProblem) -> Data {
        refreshFolder()
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            return try handle.read(upToCount: Self.longest) ?? Data()
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            throw EndpointFileProblem("it is not there yet")
        } catch {
            let isFolder = (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
            throw EndpointFileProblem(
                isFolder
                    ? "it is a folder: name the file endpoint.json of the run directory"
                    : FileProblem.reason(of: error))
        }
    }

    /// Has a network file system ask for what is in the folder: it may hold on to a file that was replaced, or to there
    /// being none, until somebody opens the folder.
    private func refreshFolder() {
        guard let folder = opendir(file.deletingLastPathComponent().path) else { return }
        _ = readdir(folder)
        closedir(folder)
    }
}

import Base

/// What can go wrong with a run directory, its database and its checkpoints.
package enum ArchiveError: LastingError, Equatable, CustomStringConvertible {
    /// A file or folder could not be made, read or written.
    case file(path: String, operation: String, reason: String)
    /// A run is to be started in a directory that holds one already.
    case runExists(path: String, runID: String)
    /// A run is to be started where parts of one are, without its description.
    case leftovers(path: String, part: String)
    /// A run is to be started where files of its names are that belong to something else.
    case occupied(path: String, names: [String])
    /// A directory that should hold a run does not.
    case noRun(path: String)
    /// Another process uses the run directory for writing.
    case locked(path: String, holder: String)
    /// A directory, or a file in it, was moved, removed or replaced while a run went on in it.
    case moved(path: String)
    /// A file of a run is not what it should be.
    case damaged(path: String, reason: String)
    /// The database refused.
    case database(path: String, operation: String, reason: String)
    /// The database could not be written since its disk is full.
    case noRoom(path: String, operation: String)
    /// The database was written by a newer program.
    case newerDatabase(path: String)
    /// The checkpoint was trained against another reference policy than that of the run.
    case foreignReference(path: String, expected: String, found: String)
    /// The database is of another run.
    case foreignArchive(path: String, expected: String, found: String)
    /// A run has versions, and no checkpoint to go on from.
    case noUsableCheckpoint(path: String, versions: Int, crystals: Int, damaged: [Checkpoint.Damage])
    /// An expression that selects crystals is none; with the names that it may use.
    case selection(reason: String, names: [String])
    /// There is no checkpoint of a version.
    case noCheckpoint(path: String, version: Int)

    package var description: String {
        switch self {
        case .file(let path, let operation, let reason):
            "cannot \(operation) \(path): \(reason)"
        case .runExists(let path, let runID):
            "\(path) already holds the run \(runID): resume it, or choose another directory"
        case .leftovers(let path, let part):
            "\(path) holds \(part) of a run but no run.json: restore that and resume, or choose another directory"
        case .occupied(let path, let names):
            """
            \(path) holds \(names.joined(separator: ", ")) already, where a run would put its own: \
            choose an empty or a new directory (run_dir, --run-dir), or move what is there away
            """
        case .noRun(let path):
            "\(path) holds no run: it has no run.json"
        case .locked(let path, let holder):
            "\(path) is in use by \(holder): stop that learner, or choose another directory"
        case .moved(let path):
            "\(path) was moved, removed or replaced while the run went on: put it back, and go on with --resume"
        case .damaged(let path, let reason):
            "\(path) is damaged: \(reason)"
        case .database(let path, let operation, let reason):
            "cannot \(operation) in \(path): \(reason)"
        case .noRoom(let path, let operation):
            "cannot \(operation) in \(path): no space left on the disk"
        case .newerDatabase(let path):
            "\(path) was written by a newer version of this program: use that one"
        case .foreignReference(let path, let expected, let found):
            """
            \(path) belongs to another run: its reference policy has the digest \(found.prefix(12)), \
            this run's has \(expected.prefix(12)); give the base policy that the run was started with
            """
        case .foreignArchive(let path, let expected, let found):
            "\(path) is of another run, \(found), and this one is \(expected): put this run's own archive back"
        case .noUsableCheckpoint(let path, let versions, let crystals, let damaged):
            """
            \(path) holds no usable checkpoint\(Self.list(damaged)), \
            but the run has made \(versions) versions and its archive holds \(crystals) crystals: restore the \
            checkpoints, or begin a new run in another directory; nothing was changed
            """
        case .selection(let reason, let names):
            "the crystals cannot be selected: \(reason); an expression may name \(names.joined(separator: ", "))"
        case .noCheckpoint(let path, let version):
            "\(path) has no checkpoint of version \(version)"
        }
    }

    package var isLasting: Bool {
        switch self {
        case .runExists, .leftovers, .occupied, .noRun, .newerDatabase, .foreignReference, .foreignArchive,
            .noUsableCheckpoint, .locked, .damaged, .moved:
            true
        case .file(_, _, let reason): FileProblem.isLasting(reason: reason)
        default: false
        }
    }

    /// Whether a full disk, or a quota that is used up, is all that is wrong: with more room the same would work.
    package var isFullDisk: Bool {
        switch self {
        case .file(_, _, let reason): FileProblem.isFullDisk(reason: reason)
        case .noRoom: true
        default: false
        }
    }

    private static func list(_ damaged: [Checkpoint.Damage]) -> String {
        damaged.isEmpty ? "" : " (\(damaged.map(\.description).joined(separator: "; ")))"
    }
}

internal import Archive
internal import Crystals
internal import Kernels
internal import Messaging
internal import Policy
internal import Potentials
internal import Stability

/// How a program ended, for whoever started it: the shell, a batch system, `druse launch`.
package enum ExitStatus: Int32, Sendable {
    /// All that was asked for is done.
    case complete = 0
    /// It failed; started again, it may succeed.
    case failure = 1
    /// It was asked to stop before the end; what is done is saved, and can be gone on with.
    case stopped = 3
    /// The command line is wrong.
    case usage = 64
    /// It failed, and would again: a configuration, a file or another process has to change first. Only `druse launch`
    /// hears it, of the processes it started; elsewhere it is ``failure``.
    case cannotHeal = 78

    /// The status for a program that ends with an error.
    package init(of error: any Error) {
        let isLasting =
            switch error {
            case let error as RoleError: error.isLasting
            case let error as ArchiveError: error.isLasting
            case is ConfigurationError, is EndpointError, is PolicyError, is SafetensorsError, is PotentialError,
                is HullError, is CompressedFileError, is ToolFailure:
                true
            default: false
            }
        self = isLasting ? .cannotHeal : .failure
    }
}

extension RoleError {
    /// Whether the same would happen again to a process started in the same way.
    package var isLasting: Bool {
        switch self {
        case .configuration, .refused, .cannotServe, .cannotGoOn: true
        case .noHub, .work, .unitFails, .trainer, .io: false
        }
    }
}

extension ArchiveError {
    fileprivate var isLasting: Bool {
        switch self {
        case .runExists, .leftovers, .noRun, .newerDatabase, .foreignReference, .noUsableCheckpoint, .locked, .damaged:
            true
        case .file(_, _, let reason): DurableFile.isLasting(reason: reason)
        default: false
        }
    }
}

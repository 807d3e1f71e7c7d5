/// What can go wrong with the files of telemetry.
package enum TelemetryError: Error, Equatable, CustomStringConvertible {
    /// A file could not be opened, read or written.
    case file(path: String, operation: String, reason: String)
    /// A record could not be turned into JSON.
    case encoding(type: String, reason: String)

    package var description: String {
        switch self {
        case .file(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        case .encoding(let type, let reason): "cannot write a \(type) as JSON: \(reason)"
        }
    }
}

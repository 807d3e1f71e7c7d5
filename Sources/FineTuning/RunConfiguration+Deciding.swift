internal import Configuration
internal import TensorBoard

extension RunConfiguration {
    /// The values that decide a run's results, by the paths of their keys.
    var deciding: [String: TensorBoardLog.Parameter] {
        var parameters: [String: TensorBoardLog.Parameter] = [:]
        for entry in entries() where entry.onResume == .kept || entry.onResume == .sameContents {
            guard let value = entry.stored else { continue }
            parameters[entry.path] =
                switch value {
                case "true": .truth(true)
                case "false": .truth(false)
                default: Double(value).map { .number($0) } ?? .text(value)
                }
        }
        return parameters
    }
}

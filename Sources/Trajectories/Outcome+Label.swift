extension Outcome {
    /// A stable name for counting: "scored", "invalid.<reason>" or "failed.<reason>".
    package var label: String {
        switch self {
        case .measured: "scored"
        case .invalid(let reason): "invalid.\(reason.rawValue)"
        case .failed(let failure): "failed.\(failure.reason)"
        }
    }
}

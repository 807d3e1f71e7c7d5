extension RunConfiguration {
    /// The keys that may be given anew when a run goes on: they decide no result.
    package static let changeableKeys =
        "versions, listen, threads, keep_checkpoints, unit_lease_seconds, task_lease_seconds, liveness_seconds"

    /// The configuration with what may change on resume taken from another one.
    package func takingChangeableKeys(from other: RunConfiguration) -> RunConfiguration {
        var copy = self
        copy.versions = other.versions
        copy.listen = other.listen
        copy.threads = other.threads
        copy.keepCheckpoints = other.keepCheckpoints
        copy.unitLeaseSeconds = other.unitLeaseSeconds
        copy.taskLeaseSeconds = other.taskLeaseSeconds
        copy.livenessSeconds = other.livenessSeconds
        return copy
    }
}

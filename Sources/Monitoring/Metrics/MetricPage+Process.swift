// What every process serves.
extension MetricPage {
    /// Adds what is known of the process itself.
    package mutating func addProcess(role: String, version: String) {
        add(Metrics.build, [role, version], 1)
        add(ProcessFigures.now())
    }
}

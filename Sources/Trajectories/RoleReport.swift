/// What a role did since its last report.
package struct RoleReport: Sendable, Hashable {
    /// The time covered.
    package var intervalSeconds: Double
    /// Crystals sampled or scored in it.
    package var crystals: Int
    /// The sum over its threads of the time spent at work.
    package var busySeconds: Double
    /// The process's resident memory.
    package var residentBytes: Int
    /// The newest policy version in use (actors) or seen (workers).
    package var version: PolicyVersion
    /// Units or tasks held.
    package var inFlight: Int
    /// Logins since the process started: 1 if it was never cut off.
    package var logins: Int
    /// Results sent again since the process started.
    package var resent: Int
    /// The engine that a reward worker brought, with version and digest; empty for the program's own.
    package var engine = ""

    package init(
        intervalSeconds: Double, crystals: Int, busySeconds: Double, residentBytes: Int, version: PolicyVersion,
        inFlight: Int,
        logins: Int, resent: Int
    ) {
        self.intervalSeconds = intervalSeconds
        self.crystals = crystals
        self.busySeconds = busySeconds
        self.residentBytes = residentBytes
        self.version = version
        self.inFlight = inFlight
        self.logins = logins
        self.resent = resent
    }
}

/// What a report says of the processes that belong to a role's.
package struct ChildReport: Sendable, Hashable {
    /// Their resident memory.
    package var residentBytes: Int
    /// As in ``RoleReport/engine``.
    package var engine: String

    package init(residentBytes: Int = 0, engine: String = "") {
        self.residentBytes = residentBytes
        self.engine = engine
    }
}

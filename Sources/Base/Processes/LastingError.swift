/// An error that knows whether trying again can help.
package protocol LastingError: Error {
    /// Whether the same would happen again to a process started in the same way: a configuration, a file or another
    /// process has to change first.
    var isLasting: Bool { get }
}

extension LastingError {
    package var isLasting: Bool { true }
}

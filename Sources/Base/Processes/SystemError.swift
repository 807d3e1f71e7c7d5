#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A failed call of the operating system.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The `errno` of the call.
    package var code: Int32
    /// The function, such as "pipe".
    package var operation: String

    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    package var description: String {
        let advice = code == EMFILE ? ": raise `ulimit -n`" : ""
        return "\(operation): \(String(cString: strerror(code)))\(advice)"
    }
}

import Foundation

/// The memory of a process.
package enum ProcessMemory {
    /// Resident memory of this process, MB (10^6 bytes); nil where the system does not tell.
    package static var residentMegabytes: Double? { residentMegabytes(of: "self") }

    /// Resident memory of another process, MB (10^6 bytes); nil if there is none, or the system does not tell.
    package static func residentMegabytes(of process: Int32) -> Double? { residentMegabytes(of: "\(process)") }

    private static func residentMegabytes(of name: String) -> Double? {
        guard let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8) else { return nil }
        return residentMegabytes(fromStatus: status)
    }

    /// The resident memory in the text of Linux's `/proc/PID/status` (its unit "kB" is 1024 bytes).
    static func residentMegabytes(fromStatus status: String) -> Double? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return kibibytes * 1024 / 1e6
    }
}

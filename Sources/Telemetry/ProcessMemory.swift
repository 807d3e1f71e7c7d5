import Foundation

/// The memory of this process.
package enum ProcessMemory {
    /// Resident memory, MB (10^6 bytes); nil where the system does not tell.
    package static var residentMegabytes: Double? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
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

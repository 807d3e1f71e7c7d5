import Foundation

/// The cores that a process may use: those of its affinity, bounded by the quotas of its control groups and by Slurm.
package enum CoreBudget {
    /// The cores for this process, at least one.
    package static var available: Int {
        func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
        let quota = read("/proc/self/cgroup").flatMap { membership in
            read("/proc/self/mountinfo").flatMap { Self.quota(membership: membership, mounts: $0, read: read) }
        }
        return cores(
            affinity: ProcessInfo.processInfo.activeProcessorCount, quota: quota,
            slurm: ProcessInfo.processInfo.environment["SLURM_CPUS_PER_TASK"])
    }

    /// - Parameters:
    ///   - affinity: the cores that the system lets the process run on.
    ///   - quota: cores' worth of time that the control groups allow; nil for no limit. A part of a core counts only
    ///     where there is no whole one: threads beyond the quota are made to wait, and with them those they work with.
    ///   - slurm: `SLURM_CPUS_PER_TASK`, if set; what is not a positive number is ignored.
    package static func cores(affinity: Int, quota: Double?, slurm: String?) -> Int {
        var count = max(1, affinity)
        if let quota { count = min(count, max(1, Int(min(quota, Double(count))))) }
        if let slurm = slurm.flatMap({ Int($0) }), slurm > 0 { count = min(count, slurm) }
        return count
    }

    /// The tightest limit on processor time of a process's control group and all groups above it, of version 1 or 2.
    ///
    /// - Parameters:
    ///   - membership: the text of `/proc/PID/cgroup`.
    ///   - mounts: the text of `/proc/PID/mountinfo`.
    ///   - read: the text of a file; nil if it cannot be read.
    /// - Returns: in cores; nil if nothing is limited.
    package static func quota(membership: String, mounts: String, read: (String) -> String?) -> Double? {
        let mounts = mounts.split(separator: "\n").compactMap { Mount(String($0)) }
        var limits: [Double] = []
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { continue }
            let isUnified = fields[0] == "0" && fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("cpu") else { continue }
            for mount in mounts where isUnified ? mount.isUnified : mount.hasProcessorController {
                for folder in mount.folders(of: fields[2]) {
                    limits += [isUnified ? unifiedLimit(folder, read) : separateLimit(folder, read)].compactMap { $0 }
                }
            }
        }
        return limits.min()
    }

    /// `cpu.max`: quota, or `max`, and period, both in µs.
    private static func unifiedLimit(_ folder: String, _ read: (String) -> String?) -> Double? {
        guard let text = read(folder + "/cpu.max") else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        // The period is 100 ms where the file does not say.
        return ratio(words.first.flatMap { Double($0) }, words.count > 1 ? Double(words[1]) : 100_000)
    }

    private static func separateLimit(_ folder: String, _ read: (String) -> String?) -> Double? {
        func number(_ name: String) -> Double? {
            read(folder + "/" + name).flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        return ratio(number("cpu.cfs_quota_us"), number("cpu.cfs_period_us"))
    }

    private static func ratio(_ quota: Double?, _ period: Double?) -> Double? {
        guard let quota, let period, quota > 0, period > 0, quota.isFinite, period.isFinite else { return nil }
        return quota / period
    }
}

/// A mounted hierarchy of control groups: a line of `mountinfo`.
private struct Mount {
    /// The group that is mounted.
    private let root: String
    private let point: String
    let isUnified: Bool
    /// Whether it is of version 1 and bounds processor time.
    let hasProcessorController: Bool

    init?(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 6, let dash = words.firstIndex(of: "-"), words.count > dash + 3 else { return nil }
        root = Self.unescaped(words[3])
        point = Self.unescaped(words[4])
        isUnified = words[dash + 1] == "cgroup2"
        hasProcessorController =
            words[dash + 1] == "cgroup" && words[dash + 3].split(separator: ",").contains("cpu")
        guard isUnified || hasProcessorController else { return nil }
    }

    /// The folders of a group and those above it, as far as they can be seen here.
    func folders(of group: String) -> [String] {
        let isBelow = root == "/" || group == root || group.hasPrefix(root + "/")
        // A group outside of what is mounted is seen from another namespace: what is mounted is its own.
        let relative = isBelow && !group.contains("..") ? String(group.dropFirst(root == "/" ? 0 : root.count)) : ""
        var names = relative.split(separator: "/")
        var folders: [String] = []
        while true {
            folders.append(([point == "/" ? "" : point] + names.map(String.init)).joined(separator: "/"))
            if names.popLast() == nil { return folders }
        }
    }

    /// Spaces are written as `\040`.
    private static func unescaped(_ word: String) -> String {
        word.replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
    }
}

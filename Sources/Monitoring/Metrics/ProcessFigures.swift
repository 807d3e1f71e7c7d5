internal import Foundation

/// What Linux says of this process, under the names that Prometheus' clients share; nothing where it does not.
package struct ProcessFigures: Sendable, Hashable {
    /// Seconds of processor time, of all threads.
    package var cpuSeconds: Double?
    package var residentBytes: Int?
    package var threads: Int?
    package var openDescriptors: Int?
    package var mostDescriptors: Int?
    /// Since 1970, seconds.
    package var startTime: Double?

    /// Looks at this process.
    package static func now() -> ProcessFigures {
        let stat = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
        let boot = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        var figures = ProcessFigures(
            stat: stat, bootTime: bootTime(boot), ticks: Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            pageBytes: max(1, Int(sysconf(Int32(_SC_PAGESIZE)))))
        figures.openDescriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        var limit = rlimit()
        #if canImport(Glibc)
            let status = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let status = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        if status == 0 { figures.mostDescriptors = Int(clamping: limit.rlim_cur) }
        return figures
    }

    /// - Parameters:
    ///   - stat: the content of `/proc/self/stat`.
    ///   - bootTime: when the machine started, seconds since 1970.
    ///   - ticks: of the processor's clock in a second.
    ///   - pageBytes: the size of a page of memory.
    package init(stat: String, bootTime: Double?, ticks: Double, pageBytes: Int) {
        // The second field is the program's name in parentheses, with whatever is in it.
        guard let end = stat.lastIndex(of: ")") else { return }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        // The fields are numbered from 1, and these begin with the third.
        func field(_ number: Int) -> Double? {
            fields.indices.contains(number - 3) ? Double(fields[number - 3].filter { !$0.isWhitespace }) : nil
        }
        if let user = field(14), let system = field(15) { cpuSeconds = (user + system) / ticks }
        threads = field(20).map { Int($0) }
        residentBytes = field(24).map { Int($0) * pageBytes }
        if let begin = field(22), let bootTime { startTime = bootTime + begin / ticks }
    }

    /// When the machine started, as `/proc/stat` says.
    private static func bootTime(_ text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }
}

extension MetricPage {
    package mutating func add(_ figures: ProcessFigures) {
        add(Metrics.processCPU, [], figures.cpuSeconds)
        add(Metrics.processMemory, [], figures.residentBytes)
        add(Metrics.processThreads, [], figures.threads)
        add(Metrics.processDescriptors, [], figures.openDescriptors)
        add(Metrics.processDescriptorLimit, [], figures.mostDescriptors)
        add(Metrics.processStart, [], figures.startTime)
    }
}

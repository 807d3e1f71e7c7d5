import Foundation

/// The threads of this process and the processor time that each has had, as Linux tells.
enum ThreadTimes {
    /// By the thread's number; empty where the system does not tell.
    static var all: [Int: (name: String, seconds: Double)] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        var times: [Int: (name: String, seconds: Double)] = [:]
        for task in tasks {
            let folder = "/proc/self/task/\(task)"
            guard let number = Int(task), let name = try? String(contentsOfFile: "\(folder)/comm", encoding: .utf8),
                let statistics = try? String(contentsOfFile: "\(folder)/schedstat", encoding: .utf8),
                let nanoseconds = statistics.split(separator: " ").first.flatMap({ Double($0) })
            else { continue }
            times[number] = (name.trimmingCharacters(in: .whitespacesAndNewlines), nanoseconds * 1e-9)
        }
        return times
    }
}

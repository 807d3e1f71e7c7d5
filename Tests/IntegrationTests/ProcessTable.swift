import Foundation

/// The system's table of processes, by way of `/proc`.
enum ProcessTable {
    struct Entry {
        let identifier: Int32
        /// The file name of its program.
        let program: String
    }

    /// The processes that another one started and that have not ended.
    static func children(of parent: Int32) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { identifier in
            guard let facts = facts(of: identifier), facts.parent == parent, facts.isAlive else { return nil }
            return Entry(identifier: identifier, program: program(of: identifier))
        }
    }

    /// Sends a signal to the first child of each program named.
    static func signal(_ programs: [String], of parent: Int32, _ number: Int32) {
        let children = children(of: parent)
        for name in programs {
            if let child = children.first(where: { $0.program == name }) { kill(child.identifier, number) }
        }
    }

    /// Whether a process has not ended; one that nobody has asked for its status has.
    static func isAlive(_ identifier: Int32) -> Bool { facts(of: identifier)?.isAlive ?? false }

    private static func facts(of identifier: Int32) -> (parent: Int32, isAlive: Bool)? {
        // pid (name) state parent ...; the name may hold anything.
        guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
        return (parent, !["Z", "X"].contains(fields[0]))
    }

    private static func program(of identifier: Int32) -> String {
        let arguments = (try? Data(contentsOf: URL(filePath: "/proc/\(identifier)/cmdline"))) ?? Data()
        let path = String(decoding: arguments.prefix { $0 != 0 }, as: UTF8.self)
        return URL(filePath: path).lastPathComponent
    }
}

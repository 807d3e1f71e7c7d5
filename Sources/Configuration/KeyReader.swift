import Foundation

/// What reading a configuration carries along: what was wrong so far, and what paths are relative to.
struct KeyReader {
    var problems: [KeyProblem] = []
    /// The folder of the configuration file; nil leaves paths as they are.
    let folder: URL?
    /// Every key there is, with its dots.
    let known: [String]

    mutating func add(_ path: String, _ place: ConfigurationNode.Place?, _ text: String) {
        problems.append(KeyProblem(path, place, text))
    }

    /// - Parameter names: the keys that may stand there.
    mutating func addUnknown(
        _ name: String, in path: String, at place: ConfigurationNode.Place?, known names: [String]
    ) {
        let full = path.isEmpty ? name : "\(path).\(name)"
        let advice: String
        if let near = NearestName.of(name, among: names) {
            advice = "is unknown: did you mean \(path.isEmpty ? near : "\(path).\(near)")?"
        } else if let elsewhere = known.first(where: { $0.split(separator: ".").last.map(String.init) == name }) {
            advice = "is unknown: did you mean \(elsewhere)?"
        } else {
            advice = "is unknown; known here: \(names.sorted().joined(separator: ", "))"
        }
        problems.append(KeyProblem("key \(full)", place, advice))
    }

    /// The absolute path of a file; options of the command line are relative to the current folder.
    func resolve(_ path: String, by rule: FileRule, given place: ConfigurationNode.Place?) -> String {
        guard let folder else { return path }
        switch rule {
        // What follows a colon says what is wanted of it.
        case .configuration(let names, _) where names.contains(where: { path == $0 || path.hasPrefix("\($0):") }):
            return path
        case .configuration(_, let prefix?) where path.hasPrefix(prefix): return path
        case .configuration:
            if case .option = place { return URL(filePath: path).path }
            return URL(filePath: path, relativeTo: folder).absoluteURL.path
        case .currentFolder: return URL(filePath: path).path
        }
    }
}

/// The name that was meant.
package enum NearestName {
    /// The name that is nearest to one that is not known; nil if none is near.
    package static func of(_ name: String, among names: [String]) -> String? {
        let limit = max(1, min(3, name.count / 3))
        let distances = names.map { ($0, distance(Array(name.lowercased()), Array($0.lowercased()))) }
        guard let (nearest, distance) = distances.min(by: { $0.1 < $1.1 }), distance <= limit else { return nil }
        return nearest
    }

    /// The least number of letters to add, remove, change or swap with the next.
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}

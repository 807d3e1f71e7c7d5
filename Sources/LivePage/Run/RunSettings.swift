internal import Archive
internal import Foundation

/// What the page needs of a run's configuration in effect.
///
/// `config.yaml` is written by the learner, a key a line: that is all that is read here, so that runs of any build can
/// be shown.
struct RunSettings: Equatable {
    var versions: Int?
    var batchSize: Int?
    var isAsynchronous = false
    var potential = ""

    init(_ text: String) {
        for line in text.split(separator: "\n") where line.first?.isLetter ?? false {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            switch parts[0] {
            case "versions": versions = Int(value)
            case "batch_size": batchSize = Int(value)
            case "mode": isAsynchronous = value == "asynchronous"
            case "potential": potential = value.trimmingCharacters(in: ["'", "\""])
            default: break
            }
        }
    }
}

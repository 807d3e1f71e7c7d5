internal import Foundation
internal import Trajectories

/// By what name the learner's log and books know a peer, where its host does not tell: `DRUSE_NAME`, such as the task
/// of a job array and how often it was started.
package enum PeerTitle {
    package static let variable = "DRUSE_NAME"
    private static let longest = 60

    /// The name in the environment; empty if there is none.
    ///
    /// - Throws: `RoleError` for one that would make logs unreadable.
    package static func given(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String {
        let text = environment[variable] ?? ""
        guard text.count <= longest,
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.@/".contains($0)) })
        else {
            throw RoleError.configuration([
                "\(variable) is \(text.debugDescription): give at most \(longest) letters, digits and any of - _ . @ /"
            ])
        }
        return text
    }
}

import Foundation
import Trajectories

/// The pipes of a foreign engine: near ends for the worker, which does not wait at them, far ends for the engine.
final class EnginePipes: Sendable {
    /// What the engine reads.
    let input: Int32
    /// What the engine answers.
    let output: Int32
    /// What the engine says to people.
    let messages: Int32
    /// The engine's ends, in the order of its standard descriptors.
    let farEnds: [Int32]

    /// - Throws: ``RoleError/io(_:)`` if the system has no more descriptors.
    init() throws(RoleError) {
        var near: [Int32] = []
        var far: [Int32] = []
        for stream in 0..<3 {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw Self.failure(near + far) }
            // Away from the standard descriptors, which may be closed in this process.
            let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
            for end in ends { close(end) }
            // The engine reads the first, and writes the others.
            near.append(moved[stream == 0 ? 1 : 0])
            far.append(moved[stream == 0 ? 0 : 1])
            guard moved.allSatisfy({ $0 >= 0 }) else { throw Self.failure(near + far) }
        }
        for descriptor in near[..<2] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        (input, output, messages, farEnds) = (near[0], near[1], near[2], far)
    }

    func closeFarEnds() {
        for descriptor in farEnds { close(descriptor) }
    }

    private static func failure(_ open: [Int32]) -> RoleError {
        let reason = String(cString: strerror(errno))
        for descriptor in open where descriptor >= 0 { close(descriptor) }
        return .io("no pipes for the engine: \(reason)")
    }
}

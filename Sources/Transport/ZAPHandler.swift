internal import Base
package import Security

/// Answers the library's questions who may connect. One a context; it must be there before any socket with keys
/// listens, and go after it. Confined to one thread.
package final class ZAPHandler {
    /// What was decided about a connection.
    package enum Decision: Sendable, Hashable {
        case admitted(KeyHolder)
        /// A key that is not on the list, from this address.
        case denied(PublicKey, address: String)
        /// A question that makes no sense.
        case malformed
    }

    /// What to wait for with ``ZMQPoller``.
    package let requests: ZMQSocket

    /// - Throws: ``ZMQError``, also if the context has a handler already.
    package init(in context: ZMQContext) throws {
        // Routing id, delimiter and the seven frames of a request.
        requests = try ZMQSocket(
            .router, in: context, options: ZMQSocket.Options(sendLimit: 0, largestMessage: 1024, frames: 9))
        do { _ = try requests.bind(Endpoint(.inproc(name: "zeromq.zap.01"))) } catch {
            requests.close()
            throw error
        }
    }

    /// Answers what was asked since the last call.
    ///
    /// - Throws: ``ZMQError``.
    package func answer(by list: AllowList) throws -> [Decision] {
        var decisions: [Decision] = []
        while let frames = try requests.receive() {
            guard frames.count >= 2, frames[1].isEmpty else {
                decisions.append(.malformed)
                continue
            }
            let answer: ZAPRequest.Answer
            let id: [UInt8]
            switch ZAPRequest.read(Array(frames.dropFirst(2)), domain: CurveEnd.domain) {
            case .unreadable:
                decisions.append(.malformed)
                continue
            case .malformed(let asked):
                (answer, id) = (.no, asked)
                decisions.append(.malformed)
            case .request(let request):
                id = request.id
                if let holder = list.holder(of: request.key) {
                    answer = .yes(user: holder.text)
                    decisions.append(.admitted(holder))
                } else {
                    answer = .no
                    decisions.append(.denied(request.key, address: request.address))
                }
            }
            // Who asked may be gone.
            _ = try requests.send([frames[0], []] + ZAPRequest.frames(answer, to: id))
        }
        return decisions
    }

    package func close() { requests.close() }
}

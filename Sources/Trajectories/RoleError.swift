package import Base

/// Why a role ended without success.
package enum RoleError: LastingError, Sendable, Hashable, CustomStringConvertible {
    case configuration([String])
    /// The hub does not want this peer.
    case refused(String)
    /// No hub answered.
    case noHub(Endpoint, Duration)
    /// The endpoint file did not say where the learner is.
    case noPlace(file: String, Duration)
    /// The hub answered, and did not let this process in: what may be wrong.
    case notLetIn(Endpoint, String)
    /// Sampler or scorer could not be made, or fails.
    case work(String)
    /// This process cannot serve the learner, and starting it again will not help: another hull, another potential.
    case cannotServe(String)
    /// The run, or this process whatever it is to do, cannot go on, and starting it again will not help: something has
    /// to change first.
    case cannotGoOn(String)
    /// The same unit failed at every try.
    case unitFails(version: PolicyVersion, unit: Int, String)
    /// The trainer's answer makes no sense.
    case trainer(String)
    case io(String)

    package var description: String {
        switch self {
        case .configuration(let problems): problems.joined(separator: "; ")
        case .refused(let reason): "the learner refused this process: \(reason)"
        case .noHub(let endpoint, let patience):
            "no learner answered at \(endpoint) for \(patience.milliseconds / 1000) s: is it running, is the address "
                + "right?"
        case .noPlace(let file, let patience):
            "no learner said in \(file) where it listens for \(patience.milliseconds / 1000) s: is it running, is the "
                + "path right?"
        case .notLetIn(let endpoint, let reason): "the learner at \(endpoint) does not let this process in: \(reason)"
        case .work(let reason), .cannotServe(let reason), .cannotGoOn(let reason): reason
        case .unitFails(let version, let unit, let reason):
            "unit \(unit) of version \(version) cannot be sampled: \(reason)"
        case .trainer(let reason): "the trainer: \(reason)"
        case .io(let reason): reason
        }
    }

    /// Whether the same would happen again to a process started in the same way.
    package var isLasting: Bool {
        switch self {
        case .configuration, .refused, .cannotServe, .cannotGoOn: true
        case .noHub, .noPlace, .notLetIn, .work, .unitFails, .trainer, .io: false
        }
    }
}

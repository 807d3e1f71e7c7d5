package import Trajectories

/// Whether log-probabilities that another process claims are those that this one computes.
package enum LogProbabilityClaim {
    /// What rounding may do to a component, nats: a claim may come from another CPU type, whose float32 sums over up to
    /// a hundred tokens differ by about 1e-4, and by more where a coordinate is sharp.
    private static let absolute = 5e-3
    /// The same, as a share of the component.
    private static let relative = 1e-4

    /// Whether a claim is off by more than rounding in any component.
    package static func isOff(_ claim: LogProbabilities, from own: LogProbabilities) -> Bool {
        zip(claim.components, own.components).contains { claim, own in
            !(abs(claim - own) <= absolute + relative * abs(own))
        }
    }
}

package import Coordination
package import Policy
package import Rewards

extension Admission {
    /// The limits of a run: what its policy can sample and its reward function give.
    package init(policy: PolicyConfiguration, shape: RewardShape) {
        self.init()
        maximumSites = policy.maximumSites
        atomTypes = policy.atomTypes
        rewards =
            switch shape {
            case .linear(let clip): clip
            case .exponential(_, let maximum): 0...maximum
            }
    }
}

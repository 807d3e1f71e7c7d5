internal import Archive
internal import Configuration
internal import Coordination
package import Rewards

/// What `learner` and `druse launch` read: one fine-tuning run. What each value is stands in ``keys``.
package struct RunConfiguration: ConfigurationSection {
    package var runDirectory = "runs/run"
    package var seed: UInt64 = 1
    package var policy = "base"
    package var reference: String?
    package var versions = 40
    package var batchSize = 256
    package var unitSize = 32
    package var taskSize = 8
    package var spaceGroups: [Int] = []
    package var objective = ObjectiveConfiguration()
    package var reward = RewardConfiguration()
    package var potential = "chgnet"
    package var hull = "default"
    package var stableBelow = RunManifest.usualStableBelow
    package var listen = "tcp://127.0.0.1:0"
    package var threads = 0
    package var keepCheckpoints = 3
    package var unitLeaseSeconds = HubTiming().unitLease / .seconds(1)
    package var taskLeaseSeconds = HubTiming().taskLease / .seconds(1)
    package var livenessSeconds = HubTiming().liveness / .seconds(1)

    package init() {}
}

import Base
import Testing

/// The cores a process may use, from samples of the system's files.
@Suite struct CoreBudgetTests {
    private static let unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let separate = """
        25 30 0:22 / /proc rw - proc proc rw
        31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        """

    private func quota(_ membership: String, _ mounts: String, _ files: [String: String]) -> Double? {
        CoreBudget.quota(membership: membership, mounts: mounts) { files[$0] }
    }

    @Test func unifiedGroup_hasTheTightestQuotaOfItselfAndThoseAbove() {
        let files = [
            "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "/sys/fs/cgroup/a/cpu.max": "250000 100000\n",
            "/sys/fs/cgroup/cpu.max": "400000 100000\n",
        ]
        #expect(quota("0::/a/b\n", Self.unified, files) == 2.5)
        #expect(quota("0::/\n", Self.unified, files) == 4)
        #expect(quota("0::/c\n", Self.unified, ["/sys/fs/cgroup/c/cpu.max": "50000 100000"]) == 0.5)
        #expect(quota("0::/c\n", Self.unified, ["/sys/fs/cgroup/c/cpu.max": "max 100000"]) == nil)
        #expect(quota("0::/c\n", Self.unified, ["/sys/fs/cgroup/c/cpu.max": "50000"]) == 0.5)
    }

    @Test func separateControllers_areReadToo() {
        let membership = "9:memory:/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n"
        let folder = "/sys/fs/cgroup/cpu,cpuacct"
        let files = [
            "\(folder)/docker/x/cpu.cfs_quota_us": "-1\n", "\(folder)/docker/x/cpu.cfs_period_us": "100000\n",
            "\(folder)/docker/cpu.cfs_quota_us": "150000\n", "\(folder)/docker/cpu.cfs_period_us": "50000\n",
        ]
        #expect(quota(membership, Self.separate, files) == 3)
        #expect(quota(membership, Self.separate, [:]) == nil)
    }

    /// Inside a container the group's own folder is mounted as the root, under the name it has outside or under none.
    @Test(arguments: ["/docker/abc", "/", "/../../other"]) func mountedGroup_isFound(group: String) {
        let mounts = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup ro\n"
        #expect(quota("0::\(group)", mounts, ["/sys/fs/cgroup/cpu.max": "200000 100000"]) == 2)
    }

    @Test(arguments: ["", "nonsense", "0::", "0::/a\0b", "::::", "x:cpu:/a"]) func damagedFiles_limitNothing(
        text: String
    ) {
        #expect(quota(text, Self.unified + "1 2 3\n- - -\n", ["/sys/fs/cgroup/cpu.max": "-5 0"]) == nil)
        #expect(quota("0::/a", text, ["/sys/fs/cgroup/a/cpu.max": "100000 100000"]) == nil)
    }

    @Test func cores_areTheLeastOfAffinityQuotaAndSlurm() {
        #expect(CoreBudget.cores(affinity: 8, quota: nil, slurm: nil) == 8)
        #expect(CoreBudget.cores(affinity: 8, quota: 2.5, slurm: nil) == 2)
        #expect(CoreBudget.cores(affinity: 8, quota: 0.5, slurm: nil) == 1)
        #expect(CoreBudget.cores(affinity: 8, quota: 1e300, slurm: "4") == 4)
        #expect(CoreBudget.cores(affinity: 2, quota: 6, slurm: "64") == 2)
        #expect(CoreBudget.cores(affinity: 8, quota: 6, slurm: "many") == 6)
        #expect(CoreBudget.cores(affinity: 0, quota: nil, slurm: "0") == 1)
        #expect(CoreBudget.available >= 1)
    }
}

import Foundation
import ProgramFixtures

/// Hosts on a network of their own: network namespaces, each with an address and a line to a switch, in a mount
/// namespace that only their programs see. With the process that holds them all of it is gone.
final class HostNetwork {
    /// Why there can be none here; nil if there can.
    static let obstacle: String? = {
        let probe =
            "mount -t tmpfs tmpfs /run && ip netns add probe && ip link add probe type veth peer name other "
            + "&& ip link set other netns probe && ip link add switch type bridge"
        let outcome = try? DruseProcess.runShell("unshare -m -n sh -c '\(probe)' 2>&1", arguments: [])
        guard let outcome, outcome.status == 0 else {
            let reason = outcome?.output.split(separator: "\n").last.map(String.init) ?? "no shell"
            return "needs root, `ip` (iproute2) and network namespaces with veth and bridge: \(reason)"
        }
        return nil
    }()

    /// Why no line can delay and lose here; nil if it can.
    static let disturbanceObstacle: String? = {
        if let obstacle { return obstacle }
        let probe = "tc qdisc add dev lo root netem delay 1ms"
        let outcome = try? DruseProcess.runShell("unshare -m -n sh -c '\(probe)' 2>&1", arguments: [])
        guard let outcome, outcome.status == 0 else {
            let reason = outcome?.output.split(separator: "\n").last.map(String.init) ?? "no shell"
            return "needs `tc` (iproute2) and a kernel with netem (sch_netem): \(reason)"
        }
        return nil
    }()

    private let holder: RunningProgram
    private let cluster: TestCluster
    private var count = 0

    /// The hosts are numbered from 1; the address of number n is 10.77.0.n.
    init(hosts: Int, cluster: TestCluster) async throws {
        self.cluster = cluster
        let script = """
            set -e
            mount -t tmpfs tmpfs /run
            ip link set lo up
            ip link add switch type bridge forward_delay 0
            ip link set switch up
            for n in $(seq \(hosts)); do
                ip netns add host$n
                ip link add line$n type veth peer name eth0 netns host$n
                ip link set line$n master switch up
                ip -n host$n addr add 10.77.0.$n/24 dev eth0
                ip -n host$n link set lo up
                ip -n host$n link set eth0 up
            done
            echo ready
            exec cat
            """
        holder = try RunningProgram(
            executable: URL(filePath: "/usr/bin/env"), ["unshare", "-m", "-n", "sh", "-c", script],
            log: cluster.folder.url.appending(path: "network.log"))
        let holder = holder
        try await cluster.until("the hosts are there", within: .seconds(30)) {
            holder.text.contains("ready") || !holder.isRunning
        }
        guard holder.isRunning else { throw TestCluster.TimedOut(description: "no network: \(holder.text)") }
    }

    static func address(_ host: Int) -> String { "10.77.0.\(host)" }

    /// Starts a program that the build put beside the tests on a host.
    func start(_ program: String, _ arguments: [String], on host: Int) throws -> RunningProgram {
        count += 1
        return try RunningProgram(
            executable: URL(filePath: "/usr/bin/env"),
            enter + ["ip", "netns", "exec", "host\(host)", DruseProcess.executable(program).path] + arguments
                + ["--exit-with-parent"],
            log: cluster.folder.url.appending(path: "host\(host)-\(count)-\(program).log"))
    }

    private var enter: [String] { ["nsenter", "-t", "\(holder.identifier)", "-m", "-n"] }

    /// A command that takes hosts off the network, or puts them on it again.
    func command(connect isConnected: Bool, _ hosts: [Int]) -> @Sendable () -> Void {
        let words = hosts.map { "ip link set line\($0) \(isConnected ? "up" : "down")" }.joined(separator: " && ")
        let enter = enter
        return {
            let outcome = try? DruseProcess.run(executable: URL(filePath: "/usr/bin/env"), enter + ["sh", "-c", words])
            if outcome?.status != 0 { print("the network could not be changed: \(outcome?.messages ?? "")") }
        }
    }

    /// Has the packets of hosts delayed, and some lost, in both directions.
    func disturb(_ hosts: [Int], delayMilliseconds: Int, lossPercent: Int) throws {
        for host in hosts {
            let rule = "netem delay \(delayMilliseconds)ms \(delayMilliseconds / 2)ms loss \(lossPercent)%"
            let words =
                "tc qdisc add dev line\(host) root \(rule) && tc -n host\(host) qdisc add dev eth0 root \(rule)"
            let outcome = try DruseProcess.run(
                executable: URL(filePath: "/usr/bin/env"), enter + ["sh", "-c", words])
            guard outcome.status == 0 else { throw TestCluster.TimedOut(description: outcome.messages) }
        }
    }
}

import Archive
import ArgumentParser
import Base
import Coordination
import Fleet
import Foundation
import RoleOptions
import Security
import Trajectories

/// `druse relay`: weights for a rack, fetched once.
struct RelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Fetch weights from a learner once and hand them on to the peers near it.",
        discussion: """
            Start one on a rack or a node, and its actors and reward workers with --relay and its address, or the \
            file that it writes. They keep their own connection to the learner for all else, check each piece by the \
            learner's table, and ask the learner where the relay is late, wrong or gone. Its key has the role relay \
            (druse keys new NAME --role relay). \
            Example: druse relay --connect tcp://node1:5555 --listen 'tcp://*:5556' --keys keys; \
            actor --connect tcp://node1:5555 --relay tcp://rack1:5556 --keys keys. More: Documentation/scale.md.
            """)

    @OptionGroup var learner: LearnerOptions

    @Option(help: ArgumentHelp("Where to listen for peers; port * takes a free one.", valueName: "tcp://HOST:PORT"))
    var listen = "tcp://127.0.0.1:5556"

    @Option(
        help: ArgumentHelp(
            "Write here where it listens, for --relay of its peers; removed at the end.", valueName: "file"))
    var endpointFile: String?

    @Option(
        help: ArgumentHelp(
            "The keys that may ask it, a folder; else the folder allowed beside --keys. DRUSE_ALLOWED says the same.",
            valueName: "folder"))
    var allowed: String?

    @Flag(
        help: ArgumentHelp(
            "Allow to listen where other machines can connect without keys: nothing is encrypted, nobody is "
                + "authenticated."))
    var insecure = false

    @Option(help: ArgumentHelp("Memory for weights and files; more than that, and the oldest go.", valueName: "MB"))
    var cacheMegabytes = 1024

    @OptionGroup var process: ProcessOptions

    func validate() throws {
        guard (1...1_000_000).contains(cacheMegabytes) else {
            throw ValidationError("--cache-megabytes must be in 1...1000000")
        }
        if learner.namesKeys, insecure { throw ValidationError("--keys and --insecure exclude each other") }
        if endpointFile == "" { throw ValidationError("--endpoint-file is empty: name a file") }
    }

    func run() {
        process.perform("relay") { voice in
            let stop = process.stopToken()
            var configuration = try relayConfiguration()
            try process.serve(&configuration, logger: voice.logger)
            let role = RelayRole(configuration: configuration, logger: voice.logger)
            let file = endpointFile.map { URL(filePath: $0) }
            let asked = try Endpoint(listen)
            defer { if let file { try? FileManager.default.removeItem(at: file) } }
            let counters = try role.run(stop: stop) { endpoint in
                voice.say("listening at \(endpoint): actor ... --relay \(endpoint)")
                guard let file else { return }
                let others = asked.furtherWays(port: endpoint.port).filter { $0 != endpoint }
                let content = EndpointFile(
                    endpoint: "\(endpoint)", also: others.isEmpty ? nil : others.map { "\($0)" }, run: "relay",
                    process: ProcessInfo.processInfo.processIdentifier)
                try DurableFile.replace(file, with: JSONEncoder().encode(content))
            }
            voice.say("\(counters)")
            return ExitStatus.complete.rawValue
        }
    }

    private func relayConfiguration() throws -> RelayConfiguration {
        var configuration = RelayConfiguration(
            peer: try learner.peer(threads: 1, drain: 0), endpoint: try Endpoint(listen))
        configuration.isInsecure = insecure
        configuration.cacheBytes = cacheMegabytes * 1_000_000
        let capacity = PeerCapacity(descriptors: StandardDescriptors.limit)
        configuration.connections = capacity.peers + capacity.strangers
        configuration.credentials = try configuration.peer.credentials.map {
            try LearnerCredentials(relay: $0, allowed: KeyEnvironment.allowList(allowed))
        }
        return configuration
    }
}

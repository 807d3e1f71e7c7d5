import Base
import Coordination
import FineTuning
import Foundation
import ProgramFixtures
import Testing
import Transport

/// The configuration, alerts and dashboard of `Cluster/monitoring`, with the real Prometheus.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(10))) struct PrometheusTests {
    static let promtool = OptionalTool("promtool")
    static let prometheus = OptionalTool("prometheus")
    private static let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"

    @Test(.enabled(if: promtool != nil, "needs promtool (apt-get install prometheus)"))
    func rules_andConfiguration_areThoseOfPrometheus() async throws {
        let promtool = try #require(Self.promtool)
        for (arguments, file) in [
            (["check", "rules"], "alerts.yml"), (["test", "rules"], "alerts.test.yml"),
            (["check", "config"], "prometheus.yml"),
        ] {
            let path = MetricsTable.monitoring.appending(path: file).path
            let outcome = try await promtool.run(arguments + [path])
            #expect(outcome.status == 0, "\(file): \(outcome.output) \(outcome.messages)")
        }
    }

    /// The labels that the job of a cluster makes of what Kubernetes tells of a pod. Not every build of Prometheus can
    /// ask Kubernetes, so what it would tell stands in the file.
    @Test(
        .enabled(if: promtool != nil, "needs promtool (apt-get install prometheus)"),
        arguments: ["learner": "learner", "actors": "actor", "reward-workers": "reward-worker"])
    func pods_ofACluster_haveTheLabelsOfTheAlerts(deployment: String, component: String) async throws {
        struct Target: Decodable { var labels: [String: String] }
        let promtool = try #require(Self.promtool)
        let (discovery, meta) = ("    kubernetes_sd_configs:\n      - role: pod\n", "__meta_kubernetes_pod")
        let text = try String(
            contentsOf: MetricsTable.monitoring.appending(path: "kubernetes.yml"), encoding: .utf8)
        #expect(text.contains(discovery))
        func pod(_ port: String) -> String {
            """
                  - targets: ["10.1.2.3:\(port == "metrics" ? 9464 : 5555)"]
                    labels:
                      __meta_kubernetes_namespace: crystals
                      \(meta)_name: pod-1
                      \(meta)_container_port_name: \(port)
                      \(meta)_label_app_kubernetes_io_name: druse
                      \(meta)_label_app_kubernetes_io_component: \(deployment)

            """
        }
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "kubernetes.yml",
            text.replacing(discovery, with: "    static_configs:\n" + pod("metrics") + pod("hub")))
        try FileManager.default.copyItem(
            at: MetricsTable.monitoring.appending(path: "alerts.yml"), to: folder.url.appending(path: "alerts.yml"))
        let check = try await promtool.run(["check", "config", file])
        #expect(check.status == 0, "\(check.output) \(check.messages)")
        let found = try await promtool.run(["check", "service-discovery", "--timeout=1s", file, "druse"])
        let targets = try JSONDecoder().decode([Target].self, from: Data(found.output.utf8))
            .map { $0.labels.filter { !$0.key.hasPrefix("__") } }.filter { !$0.isEmpty }
        #expect(
            targets == [
                [
                    "job": "druse", "run": "crystals", "component": component, "instance": "10.1.2.3:9464",
                    "namespace": "crystals", "pod": "pod-1",
                ]
            ], "\(found.output) \(found.messages)")
    }

    /// Every kind of what is turned away stands in the documentation.
    @Test func kinds_ofWhatIsTurnedAway_areInTheDocumentation() throws {
        let repository = MetricsTable.monitoring.deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: repository.appending(path: "Documentation/metrics.md"), encoding: .utf8)
        var reasons: Set<String> = []
        for folder in ["Sources/Coordination/Hub", "Sources/Fleet/Hub"] {
            let place = repository.appending(path: folder)
            let files = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil)
            for case let file as URL in try #require(files) where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                for match in text.matches(of: #/(?:reject\(|count\(rejected: )"([a-z-]+)"/#) {
                    reasons.insert(String(match.1))
                }
            }
        }
        #expect(reasons.count > 15 && reasons.contains("unknown-session"))
        for reason in reasons { #expect(page.contains("`\(reason)`"), "\(reason)") }
        for (kind, part) in [("duplicate_units", "`duplicate_"), ("foreign_outcomes", "`foreign_")] {
            #expect(page.contains(part) && HubCounters().drops.keys.contains(kind))
        }
        for kind in HubCounters().drops.keys where kind.split(separator: "_").first != "refused" {
            #expect(["duplicate", "foreign", "unusable"].contains(kind.split(separator: "_").first), "\(kind)")
        }
    }

    /// The queries of the dashboard, by panel.
    private func dashboard() throws -> [(panel: String, query: String)] {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable { var expr: String }
                var title: String
                var targets: [Target]?
            }
            var panels: [Panel]
        }
        let file = MetricsTable.monitoring.appending(path: "grafana/druse.json")
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(contentsOf: file))
        return dashboard.panels.flatMap { panel in (panel.targets ?? []).map { (panel.title, $0.expr) } }
    }

    /// The dashboard and the alerts ask for what is served, and for nothing else.
    @Test func queries_nameWhatIsInTheTables() throws {
        let table = try MetricsTable()
        let known = Set(table.sections.values.joined().map(\.name))
        let alerts = try String(contentsOf: MetricsTable.monitoring.appending(path: "alerts.yml"), encoding: .utf8)
        let texts = try dashboard().map(\.query) + [alerts]
        var used: Set<String> = []
        for text in texts {
            for match in text.matches(of: #/(?:druse|process)_[a-z_]+/#) {
                let name = ["_bucket", "_sum", "_count"].reduce(String(match.0)) {
                    $0.hasSuffix($1) && !known.contains($0) ? String($0.dropLast($1.count)) : $0
                }
                #expect(known.contains(name), "\(name)")
                used.insert(name)
            }
        }
        #expect(used.count > 40)
    }

    /// A real Prometheus finds all processes of a real run by the list that the learner keeps, and has an answer to
    /// every query of the dashboard.
    @Test(.enabled(if: isSlow && prometheus != nil, "slow; needs prometheus (apt-get install prometheus)"))
    func dashboard_ofARealRun_hasData() async throws {
        let prometheus = try #require(Self.prometheus)
        let fleet = try await MonitoredRunTests.Fleet(
            TestCluster(versions: 100_000, more: "mode: asynchronous\naudit_share: 0.5\n"))
        let cluster = fleet.cluster
        // The files as they are, but for how often they are read.
        let folder = try TemporaryFolder()
        var configuration = try String(
            contentsOf: MetricsTable.monitoring.appending(path: "prometheus.yml"), encoding: .utf8)
        configuration = configuration.replacing("scrape_interval: 5s", with: "scrape_interval: 1s")
        let file = try folder.file("prometheus.yml", configuration)
        try FileManager.default.copyItem(
            at: MetricsTable.monitoring.appending(path: "alerts.yml"), to: folder.url.appending(path: "alerts.yml"))
        // As the documentation has it: a link to the list.
        let targets = folder.url.appending(path: "targets")
        try FileManager.default.createDirectory(at: targets, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            at: targets.appending(path: "mine.json"),
            withDestinationURL: cluster.directory.appending(path: "prometheus-targets.json"))
        let port = try #require(FreePort.settle(Endpoint("tcp://127.0.0.1:*")).port)
        let log = folder.url.appending(path: "prometheus.log")
        let server = try RunningProgram(
            executable: prometheus.url,
            [
                "--config.file", file, "--storage.tsdb.path", folder.path("data"), "--web.listen-address",
                "127.0.0.1:\(port)",
            ], log: log)
        defer { server.signal(SIGKILL) }
        let run = try #require(try await named(fleet))
        try await cluster.untilVersions(5)
        // A rate needs some scrapes.
        try await until("all three processes are scraped for a while") {
            try await query(#"count_over_time(up{run="\#(run)"}[1m]) > 20"#, port).count == 3
        }
        for (panel, text) in try dashboard() {
            let asked = text.replacing("$run", with: run).replacing("$__rate_interval", with: "30s")
            let answer = try await query(asked, port)
            #expect(!answer.isEmpty, "\(panel): \(asked)")
        }
        let balance = try await query(
            #"druse_crystals_granted_total + druse_crystals_restored_total - druse_crystals_trained_total "#
                + "- on (instance) sum by (instance) (druse_crystals_dropped_total) "
                + "- on (instance) sum by (instance) (druse_crystals_in_flight) "
                + "- on (instance) druse_crystals_missing", port)
        #expect(balance == ["0"])
        let components = try await query("count by (component) (up == 1)", port)
        #expect(components.count == 3)
        // Nothing is wrong with this run.
        let firing = try await query(#"ALERTS{alertstate="firing"}"#, port)
        #expect(firing.isEmpty, "\(server.text)")
        fleet.learner.signal(SIGTERM)
        try await cluster.expectEnd(of: fleet.learner, and: fleet.peers, status: 3)
        // A run that has ended is no learner that is silent.
        try await until("Prometheus has forgotten the processes of a run that has ended") {
            try await query("up", port).isEmpty
        }
    }

    private func named(_ fleet: MonitoredRunTests.Fleet) async throws -> String? {
        try await fleet.cluster.until("the learner says where its metrics are") { fleet.place != nil }
        return fleet.place?.run
    }

    private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(180)
        while true {
            if (try? await condition()) == true { return }
            guard ContinuousClock.now < deadline else {
                throw TestCluster.TimedOut(description: "not in time: \(what)")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// The values of the series that a query gives.
    private func query(_ text: String, _ port: Int) async throws -> [String] {
        struct Answer: Decodable {
            struct Data: Decodable {
                struct Series: Decodable {
                    var value: [Value]
                }
                var result: [Series]
            }
            var status: String
            var data: Data
        }
        enum Value: Decodable {
            case number(Double)
            case text(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else {
                    self = .number(try container.decode(Double.self))
                }
            }
        }
        let escaped = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try await OwnThread.run {
            try PlainHTTP.get("http://127.0.0.1:\(port)/api/v1/query?query=\(escaped)")
        }
        let decoded = try JSONDecoder().decode(Answer.self, from: answer.body)
        return decoded.data.result.map { series in
            if case .text(let text)? = series.value.last { text } else { "" }
        }
    }
}

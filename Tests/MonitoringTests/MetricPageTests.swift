import Base
import Foundation
import Monitoring
import ProgramFixtures
import Telemetry
import Testing

@Suite struct MetricPageTests {
    @Test func text_ofAllKinds_isAsPrometheusReadsIt() {
        var page = MetricPage()
        page.add(Metric("a_total", .counter, "Some \\ thing"), [], 3)
        page.add(Metric("b_ratio", .gauge, labels: ["role", "what"], "A share"), ["actor", "a \"b\"\n\\"], 0.25)
        page.add(Metric("b_ratio", .gauge, labels: ["role", "what"], "A share"), ["x", ""], Double.nan)
        page.add(Metric("d", .gauge, "Nothing"), [], nil as Double?)
        page.add(Metric("c_seconds", .histogram, "Times"), bounds: [0.5, 10], counts: [2, 0, 1], sum: 31.5)
        page.add(Metric("e", .gauge, "Large"), [], -Double.infinity)
        #expect(
            page.text == """
                # HELP a_total Some \\\\ thing
                # TYPE a_total counter
                a_total 3
                # HELP b_ratio A share
                # TYPE b_ratio gauge
                b_ratio{role="actor",what="a \\"b\\"\\n\\\\"} 0.25
                b_ratio{role="x",what=""} NaN
                # HELP c_seconds Times
                # TYPE c_seconds histogram
                c_seconds_bucket{le="0.5"} 2
                c_seconds_bucket{le="10"} 2
                c_seconds_bucket{le="+Inf"} 3
                c_seconds_sum 31.5
                c_seconds_count 3
                # HELP e Large
                # TYPE e gauge
                e -Inf

                """)
    }

    @Test func table_ofTheDocumentation_isThatOfTheMetrics() throws {
        let sections = try MetricsTable().sections
        for (heading, metrics) in [
            ("The learner", Metrics.learner), ("An actor", Metrics.actor), ("A reward worker", Metrics.rewardWorker),
            ("A relay", Metrics.relay), ("Every process", Metrics.everywhere),
        ] {
            let rows = metrics.map {
                MetricsTable.Row(name: $0.name, kind: $0.kind.rawValue, labels: $0.labels, help: $0.help)
            }
            #expect(sections[heading] == rows, "\(heading)")
        }
    }

    @Test func names_followTheConventions() {
        let all = Metrics.learner + Metrics.actor + Metrics.rewardWorker + Metrics.relay + Metrics.everywhere
        for metric in all {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.name.hasPrefix("druse_") || metric.name.hasPrefix("process_"), "\(metric.name)")
            #expect(!metric.help.hasSuffix(".") && !metric.help.isEmpty, "\(metric.name)")
            for unit in ["_ms", "_milliseconds", "_mb", "_percent", "_minutes"] {
                #expect(!metric.name.contains(unit), "\(metric.name)")
            }
        }
    }

    /// Everything that a status can say is on the page, and nothing that is not in the catalogue.
    @Test func page_ofAWholeStatus_hasEveryMetric() {
        var status = RunStatusTests.whole
        status.lastStep?.rewardMean = -1
        status.lastStep?.rewardError = 0.1
        status.lastStep?.klReference = 0.5
        status.lastStep?.stableFraction = 0.25
        status.lastStep?.uniqueFraction = 1
        status.lastStep?.clipFraction = .init(whole: 0.1)
        status.lastStep?.gradientNorm = 2
        status.lastStep?.learningRate = 1e-4
        let page = MetricPage(of: status)
        #expect(Set(page.metrics) == Set(Metrics.learner))
        #expect(page.metrics.count == Metrics.learner.count)
        let text = page.text
        for line in [
            #"druse_run_state{state="running"} 1"#, #"druse_run_state{state="failed"} 0"#,
            #"druse_crystals_in_flight{stage="sampling"} 3"#, #"druse_crystals_dropped_total{reason="stale"} 1"#,
            #"druse_crystals_measured_total{outcome="invalid",reason="too_close"} 4"#,
            #"druse_crystal_staleness_versions_bucket{le="0"} 500"#,
            #"druse_crystal_staleness_versions_bucket{le="1"} 512"#, "druse_crystal_staleness_versions_sum 12",
            "druse_reward_workers_wanted 3", #"druse_peer_activity_peers{role="actor",activity="working"} 1"#,
            #"druse_fleet_wait_seconds_total{role="actor"} 10"#, "druse_actor_staleness_versions 1",
            #"druse_queue_oldest_seconds{queue="units_waiting"} 0.5"#, "druse_step_duration_seconds_count 1",
        ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
    }

    @Test func wanted_beforeTheFirstStepAndAfterTheLast_isOneAndNone() {
        var status = RunStatusTests.whole
        status.wanted = nil
        #expect(MetricPage(of: status).text.contains("\ndruse_reward_workers_wanted 1\n"))
        status.state = .finished
        #expect(MetricPage(of: status).text.contains("\ndruse_reward_workers_wanted 0\n"))
        #expect(MetricPage(of: status).text.contains("\ndruse_actors_wanted 0\n"))
    }

    @Test func process_ofLinux_isRead() throws {
        // The name may hold anything.
        let stat = """
            4711 (a) b (c) S 1 1 1 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 9 0 5000 1000000 300 18446744073709551615
            """
        let figures = ProcessFigures(stat: stat, bootTime: 1_000_000, ticks: 100, pageBytes: 4096)
        #expect(figures.cpuSeconds == 4 && figures.threads == 9)
        #expect(figures.residentBytes == 300 * 4096 && figures.startTime == 1_000_050)
        #expect(ProcessFigures(stat: "", bootTime: nil, ticks: 100, pageBytes: 4096).cpuSeconds == nil)
        let own = ProcessFigures.now()
        #expect(own.residentBytes ?? 0 > 1 << 20 && own.openDescriptors ?? 0 > 2)
        let age = Date().timeIntervalSince1970 - (own.startTime ?? 0)
        #expect(age > 0 && age < 86_400)
    }
}

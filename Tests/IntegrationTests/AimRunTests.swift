import Archive
import Foundation
import ModelFixtures
import ProgramFixtures
import Testing
import Trajectories

/// A run that is rewarded for a product of predictions, from its configuration to its page and its front.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct AimRunTests {
    private static let reward = """
        properties: ["gap.safetensors:band_gap,band_gap_hse"]
        reward:
          terms: [{source: product, name: merit, of: [band_gap, band_gap_hse]}]
        """

    private func cluster(_ more: String) async throws -> TestCluster {
        let cluster = try TestCluster(versions: 1, more: more)
        try TinyMEGNet().knowingAllElements.write(to: cluster.folder.url.appending(path: "gap.safetensors"))
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        return cluster
    }

    /// A line of an exported front.
    private struct FrontLine: Decodable {
        let bandGap, bandGapHSE, merit: Double

        enum CodingKeys: String, CodingKey {
            case bandGap = "band_gap"
            case bandGapHSE = "band_gap_hse"
            case merit
        }
    }

    private static let structures = """
        {"id":"salt","lattice":[[0,2.82,2.82],[2.82,0,2.82],[2.82,2.82,0]],"species":["Na","Cl"],\
        "frac_coords":[[0,0,0],[0.5,0.5,0.5]]}
        {"id":"iron","lattice":[[-1.4,1.4,1.4],[1.4,-1.4,1.4],[1.4,1.4,-1.4]],"species":["Fe"],"frac_coords":[[0,0,0]]}

        """

    @Test func run_withAProduct_isEvaluatedAndItsFrontExported() async throws {
        let cluster = try await cluster(Self.reward)
        let (run, folder) = (cluster.directory.path, cluster.folder)
        let known = try folder.file("known.jsonl", Self.structures)
        let arguments = [
            "evaluate", "--run", run, "--count", "16", "--save", folder.path("kept"), "--front-of", known,
        ]
        let outcome = try await DruseProcess.run(arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("merit, eV eV: median"), "\(outcome.output)")
        #expect(outcome.output.contains("hypervolume of band_gap, band_gap_hse"))
        let sheet = try String(contentsOfFile: folder.path("kept/aims.csv"), encoding: .utf8)
        #expect(sheet.contains("before,as_sampled,all,merit,") && sheet.contains("version 1,as_sampled,all,merit,"))
        let page = try String(contentsOfFile: folder.path("kept/page.html"), encoding: .utf8)
        #expect(page.contains("2 known crystals of known.jsonl") && page.contains("<th>merit</th>"))
        let table = try String(contentsOfFile: folder.path("kept/crystals-after.csv"), encoding: .utf8)
        #expect(table.hasPrefix("material_id,formula,spacegroup,energy_per_atom,e_above_hull,unique,novel,band_gap,"))
        // Once more nothing is measured, and the known crystals are kept.
        try FileManager.default.removeItem(atPath: known)
        try Self.structures.write(toFile: known, atomically: true, encoding: .utf8)
        let again = try await DruseProcess.run(arguments)
        #expect(again.output == outcome.output && again.messages.contains("going on: 16 crystals"))

        let path = folder.path("front.jsonl")
        let exported = try await DruseProcess.run(["export", run, "--front", "-o", path])
        #expect(exported.status == 0, "\(exported.messages)")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let front = try lines.map { line -> [Double] in
            // To the last bit, which JSONSerialization does not keep of 17 digits.
            let point = try JSONDecoder().decode(FrontLine.self, from: Data(line.utf8))
            #expect(abs(point.bandGap * point.bandGapHSE - point.merit) <= 1e-9 * abs(point.merit))
            return [point.bandGap, point.bandGapHSE]
        }
        // By the definition, of all crystals that got a reward by their terms.
        let archive = try RunArchive(url: RunDirectory.open(at: cluster.directory).archive, access: .readOnly)
        let all = try archive.crystals(versions: 0...1).filter { $0.reason == nil }.compactMap { crystal -> [Double]? in
            let numbers = ["band_gap", "band_gap_hse"].compactMap { crystal.measurement[.init(rawValue: $0)] }
            return numbers.count == 2 ? numbers : nil
        }
        let expected = all.filter { point in
            !all.contains { $0 != point && $0[0] >= point[0] && $0[1] >= point[1] }
        }
        #expect(Set(front) == Set(expected) && front.count == expected.count && all.count > front.count)
        let limited = try await DruseProcess.run([
            "export", run, "--front", "--limit", "1", "-o", folder.path("one.csv"),
        ])
        #expect(limited.output.hasPrefix("1 crystals"))
    }

    /// Heights count as the reward counts them, and how often the run has made a crystal is an aim as well.
    @Test func front_ofAParetoReward_isThatOfItsJudgedValues() async throws {
        let cluster = try await cluster(
            """
            reward:
              combine: pareto
              guards: {below_hull: allow, sparse_hull: allow}
              terms:
                - {source: e_above_hull, bounds: [-10, 10]}
                - {source: composition_occurrences, bounds: [-1000, 0]}
            """)
        let run = cluster.directory.path
        let path = cluster.folder.path("front.jsonl")
        let exported = try await DruseProcess.run(["export", run, "--front", "-o", path])
        #expect(exported.status == 0, "\(exported.messages)")
        struct Line: Decodable { let formula: String }
        let formulas = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).formula
        }
        var counts: [String: Int] = [:]
        let archive = try RunArchive(url: RunDirectory.open(at: cluster.directory).archive, access: .readOnly)
        let measured = try archive.crystals(versions: 0...1).filter { $0.outcome == .scored }
        let all = measured.map { crystal in
            counts[crystal.formula, default: 0] += 1
            let height = max(0, crystal.measurement[.energyAboveHull] ?? .infinity)
            return (
                formula: crystal.formula, reason: crystal.reason,
                point: [-height, -Double(counts[crystal.formula] ?? 0)]
            )
        }
        let judged = all.filter { $0.reason == nil }
        let expected = judged.filter { one in
            !judged.contains { $0.point != one.point && $0.point[0] >= one.point[0] && $0.point[1] >= one.point[1] }
        }
        #expect(!expected.isEmpty && formulas.sorted() == expected.map(\.formula).sorted())
        // Heights below the hull are alike.
        #expect(expected.count >= judged.count { $0.point == [0, -1] })
    }

    /// Forces, the spread of potentials and a judge's heights are no predictions: an evaluation measures them as well.
    @Test func evaluation_ofTermsThatAreMeasured_tellsThem() async throws {
        let cluster = try await cluster(
            """
            judges: [{name: old, potential: chgnet-0.2.0, hull: default}]
            reward:
              combine: pareto
              terms:
                - {source: e_above_hull, bounds: [-10, 10]}
                - {source: maximum_force, bounds: [-100, 0]}
                - {source: uncertainty, bounds: [-10, 0]}
                - {source: old_e_above_hull, bounds: [-10, 10]}
            """)
        let outcome = try await DruseProcess.run(["evaluate", "--run", cluster.directory.path, "--count", "12"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        for name in ["maximum_force, eV/Å", "uncertainty, eV/atom", "old_e_above_hull, eV/atom"] {
            let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("\(name): median") }
            #expect(line?.contains("none of") == false, "\(name): \(outcome.output)")
        }
        let front = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("hypervolume of") })
        #expect(!front.contains(" 0 by"), "\(front)")
        // Without relaxations there is nothing to tell of them.
        let relaxing = try await self.cluster(
            """
            reward: {terms: [{source: e_above_hull}, {source: relaxation_rmsd}], combine: pareto, relax: {steps: 2}}
            """)
        let plain = try await DruseProcess.run(["evaluate", "--run", relaxing.directory.path, "--count", "4"])
        #expect(plain.messages.contains("relaxation_rmsd is told of: crystals are not relaxed"), "\(plain.messages)")
        #expect(!plain.output.contains("relaxation_rmsd") && !plain.output.contains("hypervolume"), "\(plain.output)")
        let relaxed = try await DruseProcess.run([
            "evaluate", "--run", relaxing.directory.path, "--count", "4", "--relax", "--steps", "2",
        ])
        #expect(relaxed.output.contains("relaxation_rmsd, Å, relaxed: median"), "\(relaxed.output)")
        #expect(relaxed.output.contains("hypervolume of e_above_hull, relaxation_rmsd, relaxed"), "\(relaxed.output)")
    }

    @Test func front_ofASingleAim_isRefusedInOneLine() async throws {
        let cluster = try await cluster("")
        let path = cluster.folder.path("front.csv")
        let outcome = try await DruseProcess.run(["export", cluster.directory.path, "--front", "-o", path])
        #expect(outcome.status == 1 && outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("the single aim e_above_hull"), "\(outcome.messages)")
        #expect(!FileManager.default.fileExists(atPath: path))
        let page = try await DruseProcess.run(["evaluate", "--run", cluster.directory.path, "--front-of", path])
        #expect(page.status == 1 && page.messages.contains("no two predicted numbers"), "\(page.messages)")
    }
}

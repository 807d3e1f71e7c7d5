import Foundation
import ProgramFixtures
import Testing

@Suite struct RefineCommandTests {
    private func mean(_ objects: [[String: Any]], _ key: String) throws -> Double {
        let values = objects.compactMap { $0[key] as? Double }
        return try #require(values.isEmpty ? nil : values.reduce(0, +) / Double(values.count))
    }

    /// Samples of the embedded policy come nearer to the hull; groups and Wyckoff positions stay those of `sample`.
    @Test func refine_ofSamples_lowersTheirHeights() throws {
        let options = ["--count", "16", "--seed", "1", "--space-group", "225", "62"]
        let sampled = try DruseProcess.run(["sample"] + options).objects()
        let outcome = try DruseProcess.run(["refine"] + options + ["--steps", "60", "--json"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let refined = try outcome.objects()
        #expect(refined.count == 16)
        func letters(_ object: [String: Any]) -> [String] {
            (object["sites"] as? [[String: Any]] ?? []).compactMap { $0["wyckoff"] as? String }
        }
        for (before, after) in zip(sampled, refined) {
            #expect(before["id"] as? String == after["id"] as? String)
            #expect(before["space_group"] as? Int == after["space_group"] as? Int)
            #expect(letters(before) == letters(after) && !letters(before).isEmpty)
        }
        let (old, new) = (try mean(refined, "e_above_hull_before"), try mean(refined, "e_above_hull"))
        #expect(new < 0.75 * old, "\(old) before, \(new) after")
        #expect(try mean(refined, "e_above_hull_best") <= new)
        #expect(outcome.messages.contains("accepted: element"))
        // What is said of the crystals holds: heights of the crystals that were written.
        let heights = try DruseProcess.run(
            ["energy", "-", "--hull", "default", "--json"], input: outcome.output
        ).objects()
        for (object, answer) in zip(refined, heights) {
            guard let stated = object["e_above_hull"] as? Double else { continue }
            let height = try #require(answer["e_above_hull"] as? Double)
            #expect(abs(max(0, height) - stated) < 1e-4)
        }
    }

    @Test func refine_ofASeed_isTheSameOnAnyNumberOfThreads() throws {
        func refined(_ threads: String, _ seed: String = "3") throws -> String {
            try DruseProcess.run(
                ["refine", "--count", "70", "--steps", "4", "--chains", "2", "--seed", seed, "--json"]
                    + ["--threads", threads]
            ).output
        }
        let one = try refined("1")
        let isSame = one == (try refined("3"))
        #expect(isSame && one.split(separator: "\n").count == 70)
        #expect(one != (try refined("1", "4")))
    }

    /// An input is walked in its place; `--elements` and `--moves` are kept to, and the file has what stdout says.
    @Test func refine_ofStructures_staysWithinElementsAndMoves() throws {
        let folder = try TemporaryFolder()
        let input = CommandFixtures.rockSalt + "{\"id\":\"broken\",\"space_group\":225}\n"
        let options = ["--elements", "Na,K,Cl,Br", "--steps", "40", "--chains", "3", "--seed", "2", "--json", "--best"]
        let outcome = try DruseProcess.run(
            ["refine", "-", "-o", folder.path("out.extxyz")] + options, input: input)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let objects = try outcome.objects()
        #expect(objects.map { $0["id"] as? String } == ["salt", "broken"])
        #expect((objects[1]["error"] as? String)?.contains("lattice") == true)
        #expect((objects[0]["exchanges"] as? [Double])?.count == 2)
        #expect(outcome.messages.contains("exchanged between chains"))
        let sites = try #require(objects[0]["sites"] as? [[String: Any]])
        #expect(sites.allSatisfy { ["Na", "K", "Cl", "Br"].contains($0["element"] as? String) })
        #expect(objects[0]["e_above_hull"] as? Double == objects[0]["e_above_hull_best"] as? Double)
        let written = try String(contentsOfFile: folder.path("out.extxyz"), encoding: .utf8)
        #expect(written.contains("id=salt") && written.contains("e_above_hull="))

        let still = try DruseProcess.run(
            ["refine", "-", "--moves", "lattice", "--steps", "20", "--json"], input: CommandFixtures.rockSalt
        ).objects()
        #expect(still[0]["formula"] as? String == "NaCl")
        #expect((still[0]["acceptance"] as? [String: Double])?.keys.sorted() == ["lattice"])
        #expect(try #require(still[0]["lattice"] as? [Double])[0] != 5.64)
    }

    /// The reward of several terms rises, and is what `reward` says of the crystals that come out.
    @Test func refine_byTheRewardOfAConfiguration_raisesIt() throws {
        let folder = try TemporaryFolder()
        let config = try folder.file(
            "config.yaml",
            """
            reward:
              terms:
                - {source: e_above_hull, shape: exponential, scale: 0.3}
                - {source: hhi_production, shape: linear, scale: 5000, on_failure: skip, weight: 0.5}

            """)
        let outcome = try DruseProcess.run(
            ["refine", "--count", "12", "--seed", "1", "--space-group", "225", "--steps", "40", "--alpha", "80"]
                + ["--json", "--config", config])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let objects = try outcome.objects()
        #expect(try mean(objects, "reward") > mean(objects, "reward_before") + 0.1)
        let judged = try DruseProcess.run(["reward", "-", "--config", config, "--json"], input: outcome.output)
            .objects()
        #expect(judged.count == 12)
        for (object, answer) in zip(objects, judged) {
            guard let stated = object["reward"] as? Double else { continue }
            #expect(abs(try #require(answer["reward"] as? Double) - stated) < 1e-4)
        }
    }

    /// What the command does not say is as in a run with the configuration.
    @Test func refine_byAConfiguration_drawsAndTakesWhatARunWould() throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("config.yaml", "elements: [Na, Cl, K]\nspace_groups: [225, 221]\n")
        let arguments = ["--config", config, "--steps", "4", "--json"]
        let drawn = try DruseProcess.run(["refine", "--count", "8"] + arguments).objects()
        #expect(drawn.count == 8)
        for object in drawn where object["formula"] != nil {
            #expect([225, 221].contains(try #require(object["space_group"] as? Int)))
            let sites = try #require(object["sites"] as? [[String: Any]])
            #expect(sites.allSatisfy { ["Na", "Cl", "K"].contains($0["element"] as? String ?? "Na") })
        }
        let hydride = CommandFixtures.rockSalt.replacing("Cl", with: "H")
        let outcome = try DruseProcess.run(["refine", "-"] + arguments, input: CommandFixtures.rockSalt + hydride)
        let answers = try outcome.objects()
        #expect(answers.count == 2 && answers[0]["formula"] != nil)
        let error = try #require(answers[1]["error"] as? String)
        #expect(error == "it has H, which the configuration (elements) does not allow")
        let named = try folder.file("policy.yaml", "policy: no-such.safetensors\n")
        let missing = try DruseProcess.run(["refine", "--count", "1", "--config", named])
        #expect(missing.status == 1 && missing.messages.contains("no-such.safetensors"), "\(missing.messages)")
    }

    /// Only reward workers have an engine of others.
    @Test(arguments: ["refine", "reward"])
    func command_byTheRewardOfAnEngine_saysWhatItCanMeasureBy(command: String) throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("config.yaml", "potential: external mine\n")
        let outcome = try DruseProcess.run([command, "-", "--config", config], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 1 && outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("the engine mine runs behind reward workers alone"), "\(outcome.messages)")
    }

    /// Hydrogen has no Herfindahl-Hirschman index: the walk leaves it, and others go on beside it.
    @Test func refine_fromACrystalWithoutATermsNumber_findsOneThatHasIt() throws {
        let folder = try TemporaryFolder()
        let config = try folder.file(
            "config.yaml",
            "reward:\n  guards: none\n  terms: [{source: hhi_production, shape: linear, scale: 1000}]\n")
        let hydride = CommandFixtures.rockSalt.replacing("Cl", with: "H").replacing("salt", with: "hydride")
        let objects = try DruseProcess.run(
            ["refine", "-", "--config", config, "--elements", "Na,Cl,H,K", "--moves", "element", "--steps", "60"]
                + ["--json"], input: hydride + CommandFixtures.rockSalt
        ).objects()
        #expect(objects.count == 2 && objects[0]["reward_before"] is NSNull)
        #expect(try #require(objects[0]["reward"] as? Double) < -1 && objects[0]["formula"] as? String != "NaH")
        #expect(abs(try #require(objects[1]["reward_before"] as? Double) + 1.34265) < 1e-3)
    }

    /// A walk judges crystals one by one: what compares those of a batch has no meaning, and what nobody measures ends
    /// it with one line.
    @Test(
        arguments: [
            (["reward.normalize=batch"], 1, "reward.normalize is batch"),
            (["reward.terms=[{source: e_above_hull, normalize: running}]"], 1, "normalize: running"),
            (
                ["reward.terms=[{source: e_above_hull}, {source: price}]", "reward.combine=pareto"], 1,
                "combine is pareto"
            ),
            (["reward.terms=[{source: band_gap}]"], 1, "band_gap"), (["reward.nonsense=1"], 1, "nonsense"),
        ] as [([String], Int32, String)])
    func refine_byARewardThatOneCrystalCannotHave_isRefused(values: [String], status: Int32, words: String) throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("config.yaml", "seed: 1\n")
        let outcome = try DruseProcess.run(
            ["refine", "--count", "4", "--space-group", "225", "--steps", "2", "--config", config]
                + values.flatMap { ["--set", $0] })
        #expect(outcome.status == status && outcome.messages.contains(words), "\(outcome.messages)")
        #expect(outcome.messageLines.count == 1, "\(outcome.messages)")
    }

    @Test(
        arguments: [
            ([], 64, "--count"), (["--count", "0"], 64, "--count is 0"), (["x.cif", "--count", "3"], 64, "--count"),
            (["x.cif", "--space-group", "225"], 64, "belong to --count"),
            (["--count", "3", "--space-group", "231"], 64, "no space group 231"),
            (["--count", "3", "--alpha=-1"], 64, "alpha is -1.0"),
            (["--count", "3", "--temperatures", "2", "3"], 64, "first temperature"),
            (["--count", "3", "--temperatures", "1", "3", "--chains", "2"], 64, "exclude each other"),
            (["--count", "3", "--chains", "0"], 64, "--chains is 0"),
            (["--count", "3", "--steps", "0"], 64, "steps is 0"),
            (["--count", "3", "--moves", "wyckoff"], 64, "coordinates"),
            (["--count", "3", "-o", "out.txt"], 64, "out.txt"),
            (["--count", "3", "--config", "no.yaml"], 1, "no.yaml"),
            (["--count", "3", "--set", "seed=2"], 64, "--set belongs to --config"),
            (["--count", "3", "--config", "no.yaml", "--hull", "default"], 64, "leave --potential and --hull out"),
            (["--count", "3", "--hull", "no.hull"], 1, "no.hull"), (["no.cif"], 1, "no.cif"),
        ] as [([String], Int32, String)])
    func refine_ofWhatMakesNoSense_saysSo(arguments: [String], status: Int32, words: String) throws {
        let outcome = try DruseProcess.run(["refine"] + arguments)
        #expect(outcome.status == status && outcome.messages.contains(words), "\(outcome.messages)")
        if status == 1 { #expect(outcome.messageLines.count == 1) }
    }

    @Test func refine_ofACrystalThatCannotBeWalked_saysWhy() throws {
        let outcome = try DruseProcess.run(["refine", "-", "--elements", "K,Cl"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 1 && outcome.messages.contains("it has Na, which --elements does not allow"))
        let fixed = try DruseProcess.run(["refine", "-", "--moves", "coordinates"], input: CommandFixtures.rockSalt)
        #expect(fixed.status == 1 && fixed.messages.contains("none of the moves changes it"))
    }
}

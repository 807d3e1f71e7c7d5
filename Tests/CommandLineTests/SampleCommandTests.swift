import Foundation
import ProgramFixtures
import Testing
import Trajectories

@Suite struct SampleCommandTests {
    /// Samples the reference's policy, which knows no frequencies of space groups, by those of a table.
    private func sample(_ options: [String]) throws -> DruseProcess.Outcome {
        let groups = options.contains("--space-group") ? [] : ["--space-groups-from", Self.table]
        return try DruseProcess.run(["sample"] + CommandFixtures.policy("tiny") + groups + options)
    }

    private static let table = CommandFixtures.path("crystals/crystal-of-each-space-group.csv.gz")

    @Test func sample_ofAPolicyWithoutFrequencies_takesThoseOfATableOrIsRefused() throws {
        let policy = CommandFixtures.policy("tiny")
        let refused = try DruseProcess.run(["sample", "--count", "3"] + policy)
        #expect(refused.status == 1 && refused.messageLines.count == 1)
        #expect(refused.messages.contains("--space-groups-from"), "\(refused.messages)")
        let folder = try TemporaryFolder()
        let table = try folder.file("table.csv", "material_id,spacegroup.number\na,225\nb,62.0\nc,\nd,225\n")
        let named = try DruseProcess.run(["sample", "--count", "90", "--space-groups-from", table] + policy)
        let groups = try named.objects().compactMap { $0["space_group"] as? Int }
        #expect(Set(groups) == [62, 225] && (45...75).contains(groups.count { $0 == 225 }), "\(named.messages)")
        let structures = CommandFixtures.path("crystals/reference-mini.csv")
        let found = try DruseProcess.run(["sample", "--count", "60", "--space-groups-from", structures] + policy)
        #expect(Set(try found.objects().compactMap { $0["space_group"] as? Int }).count > 1, "\(found.messages)")
        let empty = try folder.file("empty.csv", "material_id,spacegroup\na,Fm-3m\n")
        let own = try DruseProcess.run(
            ["sample", "--count", "3", "--space-groups-from", table, "-o", table] + policy)
        #expect(own.status == 1 && own.messages.contains("one of the inputs"), "\(own.messages)")
        let useless = try DruseProcess.run(["sample", "--count", "3", "--space-groups-from", empty] + policy)
        #expect(useless.status == 1 && useless.messageLines.count == 1 && useless.messages.contains("empty.csv"))
        let both = try sample(["--count", "3", "--space-group", "2", "--space-groups-from", table])
        #expect(both.status == 64)
    }

    @Test func sample_ofTheBasePolicyByName_isThatOfNone() throws {
        let named = try DruseProcess.run(["sample", "--policy", "base", "--count", "3"])
        #expect(named.status == 0 && !named.output.isEmpty, "\(named.messages)")
        #expect(named.output == (try DruseProcess.run(["sample", "--count", "3"]).output))
        let sized = try DruseProcess.run(["sample", "--policy", "base", "--policy-config", "x.json", "--count", "3"])
        #expect(sized.status == 64)
    }

    @Test func sample_ofASeed_isTheSameOnAnyNumberOfThreads() throws {
        let one = try sample(["--count", "80", "--seed", "5", "--threads", "1"])
        let three = try sample(["--count", "80", "--seed", "5", "--threads", "3"])
        #expect(one.status == 0)
        let isSame = one.output == three.output
        #expect(isSame)
        #expect(one.output != (try sample(["--count", "80", "--seed", "6"]).output))
    }

    @Test func sample_ofFewer_isTheStartOfMore() throws {
        let few = try sample(["--count", "10", "--seed", "5"])
        let more = try sample(["--count", "70", "--seed", "5"])
        #expect(few.output.split(separator: "\n").count == 10)
        #expect(more.output.hasPrefix(few.output))
    }

    @Test func sample_ofGroupsAndElements_keepsToThem() throws {
        let outcome = try sample(["--count", "64", "--space-group", "225", "62", "--elements", "Li,O"])
        let crystals = try outcome.objects()
        #expect(Set(crystals.compactMap { $0["space_group"] as? Int }) == [62, 225])
        let elements = crystals.flatMap { ($0["sites"] as? [[String: Any]]) ?? [] }
            .compactMap { $0["element"] as? String }
        #expect(Set(elements) == ["Li", "O"])
    }

    @Test func sample_byDefault_drawsTheGroupsOfTheTrainingData() throws {
        let folder = try TemporaryFolder()
        try CommandFixtures.writePolicy(to: folder.url.appending(path: "policy.safetensors"))
        let outcome = try DruseProcess.run(
            ["sample", "--policy", folder.path("policy.safetensors"), "--count", "200"])
        let groups = try outcome.objects().compactMap { $0["space_group"] as? Int }
        #expect(Set(groups) == [62, 225])
        #expect((110...190).contains(groups.count { $0 == 225 }))
    }

    @Test func sample_withoutEnd_isMarked() throws {
        let folder = try TemporaryFolder()
        try CommandFixtures.writePolicy(to: folder.url.appending(path: "policy.safetensors"), maximumSites: 1)
        let outcome = try DruseProcess.run(
            ["sample", "--policy", folder.path("policy.safetensors"), "--count", "3"])
        #expect(try outcome.objects().map { $0["terminated"] as? Bool } == [false, false, false])
    }

    @Test(arguments: ["cif", "extxyz", "jsonl", "csv"])
    func sample_toAFile_canBeReadAgain(format: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("crystals.\(format)")
        let written = try sample(["--count", "12", "--space-group", "225", "--seed", "3", "-o", path, "--json"])
        #expect(written.status == 0)
        let expected = try written.objects()
        let read = try DruseProcess.run(["tokens", path, "--json"])
        let answers = try read.objects()
        #expect(answers.count == 12)
        for (answer, crystal) in zip(answers, expected) where answer["error"] == nil {
            let ours = try #require(answer["lattice"] as? [Double])
            let theirs = try #require(crystal["lattice"] as? [Double])
            // A structure may have more symmetry than it was drawn with; crystals with it written keep theirs.
            if format == "jsonl" { #expect(ours == theirs) }
            if format != "cif" { #expect(answer["id"] as? String == crystal["id"] as? String) }
        }
        #expect(answers.contains { $0["error"] == nil })
    }

    @Test func sample_withoutJSON_isSilentWhenItWritesAFile() throws {
        let folder = try TemporaryFolder()
        let outcome = try sample(["--count", "5", "-o", folder.path("crystals.jsonl")])
        #expect(outcome.status == 0)
        #expect(outcome.output.isEmpty && outcome.messages.isEmpty)
    }

    @Test(arguments: [
        ["--count", "0"], ["--count", "3", "--space-group", "231"], ["--count", "3", "--space-group", "2", "5", "2"],
        ["--count", "3", "--temperature", "nan"],
        ["--count", "3", "--temperature", "0"], ["--count", "3", "--temperature", "1e-310"],
        ["--count", "3", "--temperature", "1e300"], ["--count", "3", "--top-p", "1.5"],
        ["--count", "3", "--elements", "Xx"],
        ["--count", "3", "--elements", ","], ["--count", "3", "-o", "a.vasp"], ["--count", "3", "-o", "a.cif.gz"],
        ["--count", "3", "--threads", "0"], ["--count", "3", "--seed", "-1"], [],
    ])
    func sample_ofImpossibleOptions_isAUsageError(options: [String]) throws {
        let outcome = try sample(options)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("Error: "))
    }

    @Test func sample_toAMissingFolder_fails() throws {
        let folder = try TemporaryFolder()
        let outcome = try sample(["--count", "3", "-o", folder.path("missing/a.cif")])
        #expect(outcome.status == 1)
        #expect(outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("missing/a.cif"))
    }
}

import Foundation
import ProgramFixtures
import Testing

@Suite struct EnergyCommandTests {
    private static let structures = CommandFixtures.path("physics/structures/structures.json")

    @Test func energy_ofTheReferencesStructures_agrees() throws {
        let predictions = try #require(
            CommandFixtures.json("physics/chgnet/predictions-0.3.0.json") as? [[String: Any]])
        let outcome = try DruseProcess.run(["energy", Self.structures, "--json", "--threads", "2"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        let given = try #require(CommandFixtures.json("physics/structures/structures.json") as? [[String: Any]])
        #expect(answers.map { $0["id"] as? String } == given.map { $0["id"] as? String })
        var expected: [String: Double] = [:]
        for prediction in predictions where prediction["status"] as? String == "ok" {
            let values = prediction["f64"] as? [String: Any]
            if let id = prediction["id"] as? String { expected[id] = values?["energy_per_atom"] as? Double }
        }
        for answer in answers {
            let id = try #require(answer["id"] as? String)
            if let energy = expected[id] {
                let ours = try #require(answer["energy_per_atom"] as? Double)
                #expect((ours - energy).magnitude < 2e-5 * max(1, energy.magnitude), "\(id)")
                #expect(answer["formula"] is String && answer["atoms"] is Int)
            } else {
                #expect(Set(answer.keys) == ["id", "error"])
            }
        }
        #expect(outcome.messageLines.count == 1)
    }

    @Test func energy_onThreads_givesTheSameBytes() throws {
        let one = try DruseProcess.run(["energy", Self.structures, "--json", "--threads", "1"])
        let three = try DruseProcess.run(["energy", Self.structures, "--json", "--threads", "3"])
        let isSame = one.output == three.output
        #expect(isSame)
    }

    @Test func energy_withTheDefaultHull_addsTheDistance() throws {
        let outcome = try DruseProcess.run(
            ["energy", "-", "--hull", "default", "--json"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 0)
        let answer = try #require(try outcome.objects().first)
        #expect(outcome.output.hasPrefix(#"{"id":"salt","formula":"NaCl","atoms":8,"energy_per_atom":"#))
        #expect(try #require(answer["e_above_hull"] as? Double).magnitude < 0.05)
    }

    @Test func energy_withoutReference_tellsTheEnergyAndTheReason() throws {
        let xenon = CommandFixtures.rockSalt.replacingOccurrences(of: "Cl", with: "Xe")
        let outcome = try DruseProcess.run(["energy", "-", "--hull", "default", "--json"], input: xenon)
        #expect(outcome.status == 1)
        let answer = try #require(try outcome.objects().first)
        #expect(answer["energy_per_atom"] is Double)
        #expect((answer["error"] as? String)?.contains("Xe") == true)
    }

    /// Forces and stresses of each version beside the reference's, from several files on several threads.
    @Test(arguments: ["0.3.0", "0.2.0", "r2scan"])
    func energy_withForces_agreesWithTheReference(version: String) throws {
        let chosen: Set = ["val-0573", "perov-18250", "nacl-lefthanded", "trimer-h2o"]
        let given = try #require(CommandFixtures.json("physics/structures/structures.json") as? [[String: Any]])
        let folder = try TemporaryFolder()
        let files = try given.filter { chosen.contains($0["id"] as? String ?? "") }.map { structure in
            let text = String(decoding: try JSONSerialization.data(withJSONObject: structure), as: UTF8.self)
            return try folder.file("\(structure["id"] ?? "").json", text)
        }
        let outcome = try DruseProcess.run(
            ["energy"] + files + ["--forces", "--json", "--threads", "2", "--potential", "chgnet-\(version)"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect(answers.count == 4)
        let predictions = try #require(
            CommandFixtures.json("physics/chgnet/predictions-\(version).json") as? [[String: Any]])
        for answer in answers {
            let prediction = predictions.first { $0["id"] as? String == answer["id"] as? String }
            let reference = try #require(prediction?["f64"] as? [String: Any])
            for (key, theirs, tolerance) in [("forces", "forces", 1e-4), ("stress_gpa", "stress", 1e-3)] {
                let found = try #require(answer[key] as? [[Double]]).flatMap { $0 }
                let expected = try #require(reference[theirs] as? [[Double]]).flatMap { $0 }
                #expect(found.count == expected.count)
                let largest = expected.map(\.magnitude).max() ?? 0
                #expect(zip(found, expected).allSatisfy { ($0 - $1).magnitude < tolerance + 2e-5 * largest }, "\(key)")
            }
        }
    }

    @Test func energy_withStressAlone_hasNoForces() throws {
        let outcome = try DruseProcess.run(["energy", "-", "--stress", "--json"], input: CommandFixtures.rockSalt)
        let answer = try #require(try outcome.objects().first)
        #expect(Set(answer.keys) == ["id", "formula", "atoms", "energy_per_atom", "stress_gpa"])
    }

    /// The embedded hull holds corrected PBE energies: those of r2SCAN have no place on it.
    @Test(arguments: ["energy", "hull"])
    func potentialOfAnotherConvention_isRefusedOnTheEmbeddedHull(command: String) throws {
        let hull = command == "energy" ? ["--hull", "default"] : []
        let outcome = try DruseProcess.run(
            [command, "-", "--potential", "chgnet-r2scan", "--json"] + hull, input: CommandFixtures.rockSalt)
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("chgnet-r2scan") && outcome.messages.contains("mp2020-corrected"))
        let alone = try DruseProcess.run(
            ["energy", "-", "--potential", "chgnet-r2scan"], input: CommandFixtures.rockSalt)
        #expect(alone.status == 0)
    }

    /// A model whose file says that its energies are plain gets the corrections of the embedded hull, once.
    @Test func energy_ofAPlainPotentialOnTheEmbeddedHull_isCorrected() throws {
        let folder = try TemporaryFolder()
        let plain = folder.path("plain.safetensors")
        try Self.model(stating: "raw-pbe").write(to: URL(filePath: plain))
        func answer(_ options: [String]) throws -> [String: Any] {
            let arguments = ["energy", "-", "--hull", "default", "--json"] + options
            return try #require(try DruseProcess.run(arguments, input: CommandFixtures.rockSalt).objects().first)
        }
        let (corrected, usual) = (try answer(["--potential", plain]), try answer([]))
        #expect(corrected["energy_convention"] as? String == "raw-pbe")
        #expect(usual["energy_convention"] as? String == "mp2020-corrected" && usual["correction_ev"] == nil)
        // Four Cl in the cell of eight atoms.
        let correction = 4 * -0.614
        #expect(corrected["correction_ev"] as? Double == correction)
        #expect(corrected["energy_per_atom"] as? Double == usual["energy_per_atom"] as? Double)
        let height = try #require(corrected["e_above_hull"] as? Double)
        let usualHeight = try #require(usual["e_above_hull"] as? Double)
        #expect((height - usualHeight - correction / 8).magnitude < 1e-9)
        let hull = try DruseProcess.run(
            ["hull", "-", "--json", "--potential", plain], input: CommandFixtures.rockSalt
        ).objects().first
        #expect(hull?["e_above_hull"] as? Double == height)
        #expect(hull?["correction_ev"] as? Double == correction)
    }

    /// CHGNet 0.3.0 with another word in the header of its file.
    private static func model(stating convention: String) throws -> Data {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Potentials/Resources")
        let url = try #require(
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
                .compactMap { $0 as? URL }
                .first { $0.pathExtension == "safetensors" && $0.path.contains("0.3.0") })
        let bytes = try Data(contentsOf: url)
        let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        var header = try #require(
            JSONSerialization.jsonObject(with: bytes[8..<8 + length]) as? [String: Any])
        var metadata = header["__metadata__"] as? [String: String] ?? [:]
        metadata["energy_convention"] = convention
        header["__metadata__"] = metadata
        let text = try JSONSerialization.data(withJSONObject: header)
        var result = Data()
        for shift in stride(from: 0, to: 64, by: 8) { result.append(UInt8(truncatingIfNeeded: text.count >> shift)) }
        return result + text + bytes[(8 + length)...]
    }

    @Test func energy_relaxed_tellsTheSteps() throws {
        let folder = try TemporaryFolder()
        let wide = CommandFixtures.rockSalt.replacingOccurrences(of: "5.64", with: "6.1")
        let outcome = try DruseProcess.run(
            [
                "energy", "-", "--relax", "--json", "--forces", "--hull", "default", "-o", folder.path("out.extxyz"),
            ], input: wide)
        #expect(outcome.status == 0)
        let answer = try #require(try outcome.objects().first)
        #expect(try #require(answer["steps"] as? Int) > 1 && answer["stopped"] as? String == "converged")
        #expect(answer["atoms"] as? Int == 8)
        #expect(try #require(answer["e_above_hull"] as? Double).magnitude < 0.05)
        #expect(try #require(answer["forces"] as? [[Double]]).joined().allSatisfy { $0.magnitude <= 0.05 })
        let read = try DruseProcess.run(["energy", folder.path("out.extxyz"), "--json"])
        let again = try #require(try read.objects().first?["energy_per_atom"] as? Double)
        #expect(abs(again - (answer["energy_per_atom"] as? Double ?? 0)) < 1e-5)
        #expect(try DruseProcess.run(["energy", "-", "-o", folder.path("out.extxyz")], input: wide).status == 64)
    }

    @Test func energy_withABadModel_saysWhy() throws {
        let folder = try TemporaryFolder()
        let damaged = try folder.file("damaged.safetensors", "this is not a model")
        for arguments in [
            ["--potential", "mace"], ["--potential", damaged], ["--hull", folder.path("missing.json")],
            ["--hull", damaged],
        ] {
            let outcome = try DruseProcess.run(["energy", "-"] + arguments, input: CommandFixtures.rockSalt)
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.messageLines.count == 1)
            #expect(outcome.messages.contains(arguments[1]))
        }
    }
}

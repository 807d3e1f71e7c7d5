import Foundation
import PolicyFixtures
import ProgramFixtures
import Testing

@Suite struct TokensCommandTests {
    @Test func tokens_ofStructures_namesGroupAndSites() throws {
        let structures = CommandFixtures.path("physics/structures/structures.json")
        let outcome = try DruseProcess.run(["tokens", structures, "--json"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        let given = try #require(CommandFixtures.json("physics/structures/structures.json") as? [[String: Any]])
        #expect(answers.map { $0["id"] as? String } == given.map { $0["id"] as? String })
        let silicon = try #require(answers.first { $0["id"] as? String == "si-diamond" })
        #expect(silicon["space_group"] as? Int == 227)
        #expect((silicon["lattice"] as? [Double])?.count == 6)
        let sites = try #require(silicon["sites"] as? [[String: Any]])
        #expect(sites.map { $0["multiplicity"] as? Int } == [8])
        #expect(sites.map { $0["element"] as? String } == ["Si"])
        // Two atoms on one site have no symmetry: that input alone fails.
        let coincident = try #require(answers.first { $0["id"] as? String == "coincident" })
        #expect(coincident["error"] != nil)
    }

    /// Sites that were written with six decimals are on their Wyckoff positions afterwards, and stay there to the bit.
    @Test func tokens_ofItsOwnLines_givesThemAgain() throws {
        let given = CommandFixtures.lines(try Fixture.inputCrystals())
        let first = try DruseProcess.run(["tokens", "-", "--json"], input: given)
        #expect(first.status == 0)
        let second = try DruseProcess.run(["tokens", "-", "--json"], input: first.output)
        let isSame = second.output == first.output
        #expect(isSame && second.status == 0)
        func lists(_ text: String, _ key: String) throws -> [[Double]] {
            try text.split(separator: "\n").flatMap { line -> [[Double]] in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                if key == "lattice" { return [object?[key] as? [Double] ?? []] }
                let sites = object?["sites"] as? [[String: Any]] ?? []
                return sites.map { $0[key] as? [Double] ?? [] }
            }
        }
        for key in ["lattice", "position"] {
            let (before, after) = (try lists(given, key), try lists(first.output, key))
            #expect(before.count == after.count && before.count >= 64)
            // Of positions the part within a cell.
            func isNear(_ a: Double, _ b: Double) -> Bool {
                abs(key == "position" ? (a - b).remainder(dividingBy: 1) : a - b) < 1e-4
            }
            let areNear = zip(before, after).allSatisfy { $0.count == $1.count && zip($0, $1).allSatisfy(isNear) }
            #expect(areNear, "\(key)")
        }
    }

    @Test func tokens_onThreads_keepsTheOrder() throws {
        let lines = CommandFixtures.lines(try Fixture.syntheticCrystals() + Fixture.inputCrystals())
        let one = try DruseProcess.run(["tokens", "-", "--json", "--threads", "1"], input: lines)
        let three = try DruseProcess.run(["tokens", "-", "--json", "--threads", "3"], input: lines)
        let isSame = one.output == three.output
        #expect(isSame)
        let ids = try one.objects().map { $0["id"] as? String }
        #expect(ids == ids.indices.map { "\($0)" })
    }

    @Test func tokens_withoutJSON_printsATable() throws {
        let outcome = try DruseProcess.run(["tokens", "-"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("id"))
        #expect(lines[1].contains("NaCl") && lines[1].hasSuffix("Na:4a Cl:4b"))
        #expect(outcome.messages.isEmpty)
    }
}

import Foundation
import ProgramFixtures
import Testing

@Suite(.enabled("needs python3") { TestEngines.python != nil }) struct EngineCommandTests {
    private func engine(_ start: String) throws -> String {
        "\(try #require(TestEngines.python)) '\(TestEngines.file("faulty_engine.py"))' '\(start)'"
    }

    /// Three crystals; the engine fails at the one whose first atom is a nitrogen.
    private func structures(in folder: TemporaryFolder) throws -> String {
        try folder.file(
            "three.extxyz",
            ["H", "N", "H"].enumerated().map { index, symbol in
                """
                1
                Lattice="\(4 + index) 0 0 0 5 0 0 0 6" Properties=species:S:1:pos:R:3 pbc="T T T" id=\(symbol)\(index)
                \(symbol) 0 0 0

                """
            }.joined())
    }

    @Test func engine_givesItsNumbersByNameAndAnErrorInItsPlace() throws {
        let folder = try TemporaryFolder()
        let outcome = try DruseProcess.run([
            "engine", "--engine", try engine(""), "--device", "cuda:3", "--json", try structures(in: folder),
        ])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let answers = try outcome.objects()
        #expect(answers.map { $0["id"] as? String } == ["H0", "N1", "H2"])
        #expect(answers.map { $0["energy_per_atom"] as? Double } == [-0.04, nil, -0.06])
        #expect(answers.map { $0["atoms_of_batch"] as? Double } == [3, nil, 3])
        #expect((answers[1]["error"] as? String)?.contains("no finite energy_per_atom") ?? false)
        #expect(outcome.messages.contains("faulty cuda:3 (digest cafe), mp2020-corrected"))
    }

    @Test func engine_thatCannotStart_isOneErrorForAll() throws {
        let folder = try TemporaryFolder()
        let outcome = try DruseProcess.run([
            "engine", "--engine", try engine("die"), "--json", try structures(in: folder),
        ])
        #expect(outcome.status == 1)
        let answers = try outcome.objects()
        #expect(answers.count == 3)
        #expect(answers.allSatisfy { ($0["error"] as? String)?.contains("there is no such model") ?? false })
        let missing = try DruseProcess.run(["engine", "--engine", "no-such-program x", folder.path("three.extxyz")])
        #expect(missing.status == 1)
        #expect(missing.messages.contains("there is no program no-such-program in PATH"))
        let unclosed = try DruseProcess.run(["engine", "--engine", "python3 'x", folder.path("three.extxyz")])
        #expect(unclosed.messages.contains("--engine: the quote ' is not closed in: python3 'x"))
    }
}

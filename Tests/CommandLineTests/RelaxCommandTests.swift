import Base
import Foundation
import ProgramFixtures
import Testing

@Suite struct RelaxCommandTests {
    /// Rock salt too wide, silicon displaced in P1, and two atoms on one site.
    private static let inputs = """
        {"id":"salt","space_group":225,"lattice":[6.1,6.1,6.1,90,90,90],"sites":[\
        {"wyckoff":"a","element":"Na","position":[0,0,0]},{"wyckoff":"b","element":"Cl","position":[0.5,0.5,0.5]}]}
        {"id":"silicon","lattice":[[0,2.8,2.7],[2.7,0,2.7],[2.7,2.75,0]],"species":["Si","Si"],\
        "frac_coords":[[0,0,0],[0.26,0.25,0.25]]}
        {"id":"twice","lattice":[[4,0,0],[0,4,0],[0,0,4]],"species":["Fe","Cr"],"frac_coords":[[0,0,0],[0,0,0]]}

        """

    @Test func relax_tellsEachStructuresWay_inOrder() throws {
        let outcome = try DruseProcess.run(["relax", "-", "--json", "--threads", "2"], input: Self.inputs)
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect(answers.map { $0["id"] as? String } == ["salt", "silicon", "twice"])
        for answer in answers.prefix(2) {
            #expect(answer["stopped"] as? String == "converged")
            let energies = try ["energy_per_atom", "initial_energy_per_atom"].map {
                try #require(answer[$0] as? Double)
            }
            #expect(energies[0] < energies[1] - 0.001)
            #expect(try #require(answer["steps"] as? Int) > 1)
            #expect(try #require(answer["max_force"] as? Double) <= 0.05)
            #expect(try #require(answer["max_stress_gpa"] as? Double) <= 0.1)
        }
        #expect(answers[0]["space_group"] as? Int == 225)
        #expect(answers[0]["atoms"] as? Int == 8)
        #expect(try #require(answers[0]["rmsd"] as? Double) < 1e-9)
        #expect(try #require(answers[0]["volume_ratio"] as? Double) < 1)
        #expect(Set(answers[2].keys) == ["id", "error"])
        let error = try #require(answers[2]["error"] as? String)
        #expect(error.contains("atom 1 (Fe) and atom 2 (Cr)"))
    }

    @Test(arguments: ["out.cif", "out.extxyz", "out.jsonl", "out.json", "out.csv"])
    func relax_writesWhatItsToolsRead(name: String) throws {
        let folder = try TemporaryFolder()
        let outcome = try DruseProcess.run(
            ["relax", "-", "-o", folder.path(name), "--json"], input: Self.inputs)
        #expect(outcome.status == 0)
        let energies = try outcome.objects().prefix(2).map { $0["energy_per_atom"] as? Double }
        let read = try DruseProcess.run(["energy", folder.path(name), "--json"])
        #expect(read.status == 0)
        let answers = try read.objects()
        #expect(answers.count == 2)
        for (answer, energy) in zip(answers, energies) {
            let (again, before) = (try #require(answer["energy_per_atom"] as? Double), try #require(energy))
            #expect(abs(again - before) < 1e-5)
        }
    }

    @Test(arguments: ["relax", "energy --relax"])
    func relax_ontoAnInput_isRefusedAndLeavesIt(command: String) throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("salt.jsonl", Self.inputs)
        try FileManager.default.createSymbolicLink(atPath: folder.path("link.jsonl"), withDestinationPath: input)
        for (from, to) in [(input, input), (folder.path("link.jsonl"), input), (input, folder.path("link.jsonl"))] {
            let words = command.split(separator: " ").map(String.init)
            let outcome = try DruseProcess.run(words + [from, "-o", to])
            #expect(outcome.status == 1 && outcome.messageLines.count == 1, "\(outcome.messages)")
            #expect(outcome.messages.contains("one of the inputs"), "\(outcome.messages)")
            #expect(try String(contentsOfFile: input, encoding: .utf8) == Self.inputs)
        }
        let inFolder = try DruseProcess.run(["relax", folder.path(""), "-o", input])
        #expect(inFolder.status == 1)
        #expect(try String(contentsOfFile: input, encoding: .utf8) == Self.inputs)
    }

    @Test(arguments: ["relax", "energy --relax", "refine --steps 1"])
    func output_ofInputsThatCannotBeRead_isLeftAsItWas(command: String) throws {
        let folder = try TemporaryFolder()
        let output = try folder.file("out.extxyz", "dear\n")
        let words = command.split(separator: " ").map(String.init)
        let outcome = try DruseProcess.run(words + [folder.path("none.cif"), "-o", output])
        #expect(outcome.status == 1, "\(outcome.messages)")
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "dear\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == ["out.extxyz"])
    }

    @Test func relax_intoAPOSCAR_takesOneStructure() throws {
        let folder = try TemporaryFolder()
        let salt = String(Self.inputs.prefix { $0 != "\n" })
        let one = try DruseProcess.run(["relax", "-", "-o", folder.path("POSCAR")], input: salt)
        #expect(one.status == 0 && one.output.contains("converged"))
        #expect(try DruseProcess.run(["energy", folder.path("POSCAR")]).status == 0)
        let more = try DruseProcess.run(["relax", "-", "-o", folder.path("more.vasp")], input: Self.inputs)
        #expect(more.status == 1 && more.messages.contains("one structure alone"))
    }

    @Test func relax_withFixedCellReleasedSymmetryAndFewSteps_doesSo() throws {
        let outcome = try DruseProcess.run(
            ["relax", "-", "--json", "--no-cell", "--release-symmetry", "--optimizer", "fire", "--steps", "3"],
            input: Self.inputs)
        let answers = try outcome.objects()
        #expect(answers[0]["volume_ratio"] as? Double == 1)
        #expect(answers[0]["space_group"] == nil)
        #expect(answers[1]["stopped"] as? String == "steps" && answers[1]["steps"] as? Int == 3)
        let error = try #require(answers[2]["error"] as? String)
        #expect(error.contains("atom 1 (Fe) and atom 2 (Cr)"))
    }

    /// What is relaxed when the command is killed stands in the unfinished file, and was told.
    @Test(arguments: ["relax --json", "energy --relax --json"])
    func killedCommand_leavesWhatWasDone(command: String) throws {
        let folder = try TemporaryFolder()
        let slow = Self.inputs.split(separator: "\n")[1]
        let input = try folder.file(
            "in.jsonl", Self.inputs + String(repeating: "\(slow)\n", count: 200).replacing("silicon", with: "slow"))
        let output = Pipe()
        var streams = ChildProcess.Streams()
        streams.output = output.fileHandleForWriting.fileDescriptor
        let words = command.split(separator: " ").map(String.init)
        let process = try ChildProcess(
            DruseProcess.executable().path, words + [input, "-o", folder.path("out.jsonl"), "--threads", "1"],
            streams: streams)
        try output.fileHandleForWriting.close()
        let told = try #require(try output.fileHandleForReading.read(upToCount: 1))
        process.signal(SIGKILL)
        #expect(process.wait() == 128 + SIGKILL && told == Data("{".utf8))
        let partial = try String(contentsOfFile: folder.path("out.jsonl.partial"), encoding: .utf8)
            .split(separator: "\n")
        #expect((1..<200).contains(partial.count) && partial[0].contains("salt"), "\(partial.count)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.jsonl")))
    }

    @Test func relax_onThreads_givesTheSameBytes() throws {
        let structures = CommandFixtures.path("physics/structures/structures.json")
        let folder = try TemporaryFolder()
        let runs = try ["1", "3"].map {
            try DruseProcess.run([
                "relax", structures, "--json", "--steps", "2", "--threads", $0, "-o", folder.path("\($0).cif"),
            ])
        }
        #expect(runs[0].output == runs[1].output && runs[0].status == 0)
        let files = try ["1", "3"].map { try String(contentsOfFile: folder.path("\($0).cif"), encoding: .utf8) }
        #expect(files[0] == files[1] && !files[0].isEmpty)
    }

    @Test(arguments: [
        ["--fmax", "0"], ["--stress", "-1"], ["--steps", "-1"], ["--optimizer", "newton"],
        ["--keep-symmetry", "--release-symmetry"], ["-o", "out.txt"],
    ])
    func relax_wrongly_isRefused(arguments: [String]) throws {
        let outcome = try DruseProcess.run(["relax", "-"] + arguments, input: Self.inputs)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
    }
}

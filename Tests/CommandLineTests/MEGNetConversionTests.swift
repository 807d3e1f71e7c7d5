import Base
import Foundation
import ModelFixtures
import ProgramFixtures
import Testing

/// `Scripts/convert-megnet`: matgl's folders, and nothing but those.
@Suite(.enabled("needs python3") { TestEngines.python != nil }) struct MEGNetConversionTests {
    private let folder: TemporaryFolder
    private let python: String

    init() throws {
        folder = try TemporaryFolder()
        python = try #require(TestEngines.python)
    }

    private func convert(_ name: String, _ more: [String] = []) throws -> DruseProcess.Outcome {
        try CheckpointConversion.run(
            script: "convert-megnet", python: python, [folder.path(name), "-o", folder.path("out.safetensors")] + more)
    }

    /// A folder as matgl writes it, made by hand: torch's zip of a pickle and of storages.
    private func write(_ name: String, _ more: [String] = []) throws {
        let source = folder.url.appending(path: "\(name)-source.safetensors")
        try TinyMEGNet().write(to: source)
        let outcome = try DruseProcess.run(
            executable: URL(filePath: python),
            [CommandFixtures.path("models/write_matgl.py"), source.path, folder.path(name)] + more)
        #expect(outcome.status == 0, "\(outcome.messages)")
    }

    @Test func folder_becomesAModelWithItsTensorsAndItsConfiguration() throws {
        try write("MEGNet-Tiny-BandGap-mfi")
        let outcome = try convert("MEGNet-Tiny-BandGap-mfi", ["--fidelities", "PBE,HSE"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let model = try Safetensors(contentsOf: folder.url.appending(path: "out.safetensors"))
        #expect(model.tensors == TinyMEGNet().tensors)
        #expect(model.metadata["origin"]?.hasPrefix("matgl MEGNet-Tiny-BandGap-mfi, state.pt sha256 ") == true)
        // It predicts what the model predicts that it was made of.
        let salt = try folder.file("salt.jsonl", CommandFixtures.rockSalt)
        let answers = try ["out.safetensors", "MEGNet-Tiny-BandGap-mfi-source.safetensors"].map { name in
            try DruseProcess.run(["property", salt, "--head", folder.path(name) + ":band_gap,band_gap_hse", "--json"])
        }
        #expect(answers[0].status == 0 && answers[0].output == answers[1].output, "\(answers[0].messages)")
    }

    @Test func folder_thatDoesNotTellWhatItPredicts_needsToBeTold() throws {
        try write("mine")
        let silent = try convert("mine", ["--fidelities", "PBE,HSE"])
        #expect(silent.status == 1 && silent.messages.contains("--property"), "\(silent.messages)")
        let told = try convert("mine", ["--fidelities", "PBE,HSE", "--property", "bulk modulus", "--unit", "GPa"])
        #expect(told.status == 0 && told.output.contains("bulk modulus in GPa"))
        for names in ["PBE,pbe", "HSE,H-SE", "PBE,-"] {
            let twice = try convert("mine", ["--fidelities", names, "--property", "bulk modulus", "--unit", "GPa"])
            #expect(twice.status == 1 && twice.messages.contains("must differ"), "\(twice.messages)")
        }
        let few = try convert("mine", ["--property", "bulk modulus", "--unit", "GPa"])
        #expect(few.status == 1 && few.messages.contains("--fidelities"))
    }

    /// The file's size bounds what is read of it, however often its pickle names a storage.
    @Test func storages_thatAreNamedOften_areReadOnce() throws {
        try write("MEGNet-BandGap", ["shared"])
        let code = """
            import sys, zipfile
            sys.path.insert(0, sys.argv[1])
            from checkpoint_conversion import Refusal, torch_reader
            names, plain = [], zipfile.ZipFile.read
            zipfile.ZipFile.read = lambda self, name, *more: names.append(name) or plain(self, name, *more)
            try:
                torch_reader.read(sys.argv[2])
            except Refusal:
                print(len(names) > 3, len(names) == len(set(names)))
            """
        let outcome = try DruseProcess.run(
            executable: URL(filePath: python),
            ["-B", "-c", code, CheckpointConversion.scripts.path, folder.path("MEGNet-BandGap/state.pt")])
        #expect(outcome.output == "True True\n", "\(outcome.messages)")
    }

    /// Nothing that a file names is looked up or called.
    @Test(arguments: [
        ("call", "posix.system"), ("column", "contiguous"), ("cut", "damaged"), ("compressed", "compressed"),
        ("class", "M3GNet"), ("shared", "more than 4 times the numbers"), ("name", "no zip"),
        ("centres", "shape [0]"), ("gauss_width=\"wide\"", "gauss_width must be a positive number, not wide"),
        ("gauss_width=NaN", "gauss_width"), ("element_types=5", "element_types must be a list of symbols, not 5"),
        ("ntypes_state=\"two\"", "ntypes_state"), ("nblocks=Infinity", "not finite"), ("deep", "nested too deeply"),
    ])
    func folder_withSomethingElseInIt_isRefusedInOneLine(kind: String, words: String) throws {
        try write("MEGNet-BandGap", [kind])
        let outcome = try convert("MEGNet-BandGap", ["--fidelities", "PBE,HSE"])
        #expect(outcome.status == 1 && outcome.messages.contains(words), "\(outcome.messages)")
        #expect(outcome.messageLines.count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.safetensors")))
    }
}

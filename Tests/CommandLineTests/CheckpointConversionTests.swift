import Foundation
import Kernels
import Policy
import ProgramFixtures
import Testing

/// `Scripts/convert-checkpoint`: the reference's pickled checkpoints from and to policies, and nothing but those.
@Suite(.enabled("needs python3") { TestEngines.python != nil }) struct CheckpointConversionTests {
    private let folder: TemporaryFolder
    private let python: String

    init() throws {
        folder = try TemporaryFolder()
        python = try #require(TestEngines.python)
    }

    private func convert(_ input: String, _ more: [String]) throws -> DruseProcess.Outcome {
        try CheckpointConversion.run(python: python, [input] + more)
    }

    private var fixture: [String] {
        ["--config", CheckpointConversion.configuration.path, "-o", folder.path("model.safetensors")]
    }

    private func model() throws -> PolicyWeights {
        try PolicyWeights(contentsOf: folder.url.appending(path: "model.safetensors"))
    }

    @Test func checkpoint_becomesAPolicyWithItsParametersAndSizes() throws {
        let outcome = try convert(CheckpointConversion.checkpoint.path, fixture)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let sizes = try JSONDecoder().decode(
            PolicyConfiguration.self, from: Data(contentsOf: CheckpointConversion.configuration))
        let expected = try PolicyWeights(
            contentsOf: URL(filePath: CommandFixtures.path("policy/tiny/params.safetensors")), configuration: sizes)
        let model = try model()
        #expect(model.configuration == sizes)
        #expect(model.parameters.array == expected.parameters.array)
        #expect(model.metadata["origin"]?.contains("epoch_000001.pkl, sha256 24dbc2b6") == true)
    }

    /// The pickle is written anew, not copied: it comes back as the same policy, moments included.
    @Test func policy_becomesACheckpointAndThatPolicyAgain() throws {
        let first = try convert(CheckpointConversion.checkpoint.path, fixture + ["--with-optimiser"])
        #expect(first.status == 0, "\(first.messages)")
        let pickle = folder.path("epoch_000007.pkl")
        let back = try convert(
            folder.path("model.safetensors"), ["--to-pickle", "--with-optimiser", "-o", pickle])
        #expect(back.status == 0 && back.output.contains("--transformer_layers 2 "), "\(back.messages)")
        let again = try convert(
            pickle,
            [
                "--config", CheckpointConversion.configuration.path, "--with-optimiser", "-o",
                folder.path("b.safetensors"),
            ])
        #expect(again.status == 0, "\(again.messages)")
        let (one, two) = try (bodies("model.safetensors"), bodies("b.safetensors"))
        #expect(one == two && one.count == 3 * 4 * 51_735)
    }

    /// The tensors of a safetensors file, without the header.
    private func bodies(_ name: String) throws -> Data {
        let data = try Data(contentsOf: folder.url.appending(path: name))
        let size = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        return data.dropFirst(8 + size)
    }

    private static let flags = """
        --Nf 5 --Kx 16 --Kl 4 --h0_size 32 --transformer_layers 2 --num_heads 4 --key_size 16 \\
          --model_size 32 --embed_size 16 --n_max 21 --atom_types 119 --wyck_types 28
        """
    private static let lines = """
        # transformer_parameters:
        folder: "./"
        Nf: 5                 # number of frequencies for fc
        Kx: 16
        Kl: 4
        h0_size: 32           # 0 means we simply use a table
        transformer_layers: 2
        num_heads: 4
        key_size: 16
        model_size: 32
        embed_size: 16
        dropout_rate: 0.5
        n_max: 21
        atom_types: 119
        wyck_types: 28
        """

    @Test(arguments: [flags, lines]) func sizes_areReadFromTheReferencesOwnForms(text: String) throws {
        let config = try folder.file("config.yaml", text)
        let outcome = try convert(
            CheckpointConversion.checkpoint.path, ["--config", config, "-o", folder.path("model.safetensors")])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(try model().configuration.layers == 2)
    }

    @Test func sizes_areThoseOfTheFoldersName_andMustAgreeWithTheFile() throws {
        let place = folder.url.appending(
            path: "adam_bs_100_lr_0.0001_decay_0_clip_1_A_119_W_28_N_21_a_1_w_1_l_1_Nf_5_Kx_16_Kl_4_h0_32_l_2_H_4_k_16"
                + "_m_32_e_16_drop_0.1_0.1")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let pickle = place.appending(path: "epoch_000001.pkl")
        try FileManager.default.copyItem(at: CheckpointConversion.checkpoint, to: pickle)
        let outcome = try convert(pickle.path, ["-o", folder.path("model.safetensors")])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let config = try folder.file("other.yaml", Self.lines.replacing("Kx: 16", with: "Kx: 8"))
        try expectRefusal(pickle.path, ["--config", config], "says Kx 8, the name of its folder 16")
    }

    // MARK: What is refused

    private func expectRefusal(
        _ input: String, _ more: [String], _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let output = folder.path("refused.safetensors")
        let outcome = try convert(input, more + ["-o", output])
        #expect(outcome.status == 1, sourceLocation: sourceLocation)
        #expect(outcome.messageLines.count == 1, "\(outcome.messages)", sourceLocation: sourceLocation)
        #expect(outcome.messages.contains(words), "\(outcome.messages)", sourceLocation: sourceLocation)
        #expect(!FileManager.default.fileExists(atPath: output), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        (("transformer_layers: 2", "transformer_layers: 3"), "lacks the tensor multi_head_attention_2/query/w"),
        (("transformer_layers: 2", "transformer_layers: 1"), "linear_9/w has shape [32, 128], but [32, 171]"),
        (("Nf: 5 ", "Nf: 6 "), "linear_4/w has shape [26, 32], but [28, 32]"), (("Kl: 4", "Kl: 5"), "linear_11/w"),
        (("embed_size: 16", "embed_size: 8"), "~/g_embeddings has shape [230, 16], but [230, 8]"),
        (("h0_size: 32", "h0_size: 0"), "h0_size is 0"), (("wyck_types: 28", "wyck_types: 27"), "Druse has 28"),
        (("n_max: 21\n", ""), "lacks n_max"), (("key_size: 16", "key_size: many"), "key_size is 'many'"),
        (("Kx: 16", "Kx: 16\nKx: 8"), "Kx is 16 and 8"),
    ])
    func sizes_thatAreNotTheCheckpoints_areRefusedByName(change: (String, String), words: String) throws {
        let config = try folder.file("config.yaml", Self.lines.replacing(change.0, with: change.1))
        try expectRefusal(CheckpointConversion.checkpoint.path, ["--config", config], words)
    }

    @Test func sizes_thatAreNotKnown_areAskedFor() throws {
        try expectRefusal(CheckpointConversion.checkpoint.path, [], "give --config")
    }

    @Test(arguments: [0, 1, 2, 11, 100, 5_000, 300_000, 629_452]) func checkpoint_thatWasCutOff_isRefused(
        length: Int
    ) throws {
        let pickle = folder.url.appending(path: "cut.pkl")
        try Data(contentsOf: CheckpointConversion.checkpoint).prefix(length).write(to: pickle)
        let words = length < 2 ? "cut.pkl: it is" : "ends too early"
        try expectRefusal(pickle.path, ["--config", CheckpointConversion.configuration.path], words)
    }

    /// Nothing that a file asks for is looked up or called, and nothing grows beyond the file.
    @Test(arguments: [
        ("\u{80}\u{2}cposix\nsystem\nX\u{9}\u{0}\u{0}\u{0}touch pwn\u{85}R.", "asks for posix.system"),
        ("\u{80}\u{4}\u{8C}\u{8}builtins\u{8C}\u{4}eval\u{93}\u{8C}\u{1}1\u{85}R.", "asks for builtins.eval"),
        ("\u{80}\u{4}\u{8C}\u{5}numpy\u{8C}\u{8}fromfile\u{93}.", "asks for numpy.fromfile"),
        ("\u{80}\u{2}cnumpy\ndtype\n)R.", "calls numpy.dtype in a way"),
        ("\u{80}\u{4}\u{8E}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{0}\u{0}\u{0}.", "ends too early"),
        ("\u{80}\u{4}\u{8A}\u{FF}.", "a whole number of 255 bytes"),
        ("\u{80}\u{4}j\u{FF}\u{FF}\u{FF}\u{7F}.", "not there"),
        ("\u{80}\u{4}P1\n.", "instruction 0x50"), ("\u{80}\u{4}\u{82}\u{1}.", "instruction 0x82"),
        ("\u{80}\u{4}u.", "mark is missing"), ("\u{80}\u{4}.", "value is missing"),
        ("\u{80}\u{4}}.trailing", "more in it"),
        ("\u{80}\u{4}}.", "has no parameters"),
        ("\u{80}\u{4}}\u{8C}\u{6}params}(\u{8C}\u{3}a\nbNus.", "a?b is not a module"),
        ("cos\nsystem\n(S'true'\ntR.", "not a pickle of protocol 2 to 5"), ("PK\u{3}\u{4}", "not a pickle"),
    ])
    func file_thatIsForeignOrHostile_isRefusedInOneLine(text: String, words: String) throws {
        let pickle = folder.url.appending(path: "foreign.pkl")
        try Data(text.unicodeScalars.map { UInt8($0.value) }).write(to: pickle)
        try expectRefusal(pickle.path, ["--config", CheckpointConversion.configuration.path], words)
        #expect(!FileManager.default.fileExists(atPath: "pwn"))
    }

    /// Tuples of tuples, each twice in the next: to hash the last one takes longer than anybody waits.
    @Test func pickle_thatGrowsWithoutEnd_isRefused() throws {
        // Remembered as 0, again and again: the last one, twice, in a tuple.
        let step: [UInt8] = [0x71, 0, 0x68, 0, 0x86]
        let nested = Data([0x80, 4, 0x29] + (0..<200_000).flatMap { _ in step })
        let many = Data([0x80, 4] + [UInt8](repeating: 0x4E, count: 1_100_000))
        for (data, words) in [(nested + Data([0x2E]), "no parameters"), (many, "more than 1000000 instructions")] {
            let pickle = folder.url.appending(path: "large.pkl")
            try data.write(to: pickle)
            try expectRefusal(pickle.path, ["--config", CheckpointConversion.configuration.path], words)
        }
    }

    @Test func names_ofOutputs_areThoseThatTheReadersFind() throws {
        let wrong = try convert(CheckpointConversion.checkpoint.path, ["-o", folder.path("model.bin")])
        #expect(wrong.status == 1 && wrong.messages.contains(".safetensors"))
        #expect(try convert(CheckpointConversion.checkpoint.path, fixture).status == 0)
        let pickle = try convert(
            folder.path("model.safetensors"), ["--to-pickle", "-o", folder.path("model.pkl")])
        #expect(pickle.status == 1 && pickle.messages.contains("epoch_000001.pkl"))
        let none = try convert(
            folder.path("model.safetensors"), ["--to-pickle", "--with-optimiser", "-o", folder.path("epoch_1.pkl")])
        #expect(none.status == 1 && none.messages.contains("no moments of Adam"))
    }
}

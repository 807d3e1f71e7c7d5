import Base
import Foundation
import Kernels
import Policy
import PolicyFixtures
import Testing

@Suite struct PolicyWeightsTests {
    @Test func encoded_readsBackWithConfigurationAndFacts() throws {
        var weights = try Fixture.weights("tiny")
        weights.metadata["origin"] = "a test"
        let read = try PolicyWeights(encoded: weights.encoded())
        #expect(read.parameters.array == weights.parameters.array)
        #expect(read.configuration == weights.configuration && read.metadata["origin"] == "a test")
    }

    @Test func fileWithoutConfiguration_isRefusedClearly() throws {
        let url = Fixture.folder.appending(path: "tiny/params.safetensors")
        let error = try #require(throws: PolicyError.self) { try PolicyWeights(contentsOf: url) }
        #expect("\(error)".contains("configuration"))
    }

    @Test func configurationBesideAnother_mustBeTheSame() throws {
        let weights = try Fixture.weights("tiny")
        let data = try weights.encoded()
        #expect(try PolicyWeights(encoded: data, configuration: weights.configuration).layout.parameterCount > 0)
        var other = weights.configuration
        (other.heads, other.keySize) = (other.heads / 2, other.keySize * 2)
        let error = #expect(throws: PolicyError.self) { try PolicyWeights(encoded: data, configuration: other) }
        #expect("\(try #require(error))".contains("another num_heads, key_size than what is given for"))
    }

    /// What CrystalFormer's own files hold, and what tells too little or something else.
    @Test func configurationFiles_tellEachSize_andNothingThatIsUnknown() throws {
        let sizes = """
            "Nf":5,"Kx":16,"Kl":4,"h0_size":32,"num_heads":4,"key_size":16,"model_size":32,"embed_size":16,"n_max":21
            """
        func read(_ rest: String) throws(PolicyError) -> PolicyConfiguration {
            try PolicyConfiguration(file: Data("{\(sizes)\(rest)}".utf8))
        }
        let reference = try read(",\"transformer_layers\":2,\"dropout_rate\":0.1,\"lr\":1e-4,\"restore_path\":null")
        #expect(reference == (try Fixture.weights("tiny").configuration))
        for (rest, part) in [
            ("", "lacks num_layers"), (",\"num_layers\":2,\"n_maxx\":5", "it has n_maxx, which is no size"),
            (",\"num_layers\":2,\"transformer_layers\":3", "num_layers says otherwise"),
            (",\"num_layers\":\"two\"", "JSON object of sizes"),
        ] {
            let error = #expect(throws: PolicyError.self) { try read(rest) }
            #expect("\(try #require(error))".contains(part))
        }
    }

    @Test func missingMisshapenAndNonFiniteTensors_areNamed() throws {
        let weights = try Fixture.weights("tiny")
        let file = try Safetensors(weights.encoded())
        var lacking = file
        lacking.tensors["linear/w"] = nil
        var misshapen = file
        misshapen.tensors["linear/w"] = .init(shape: [1], values: [1])
        var infinite = file
        infinite.tensors["linear/b"]?.values[0] = .nan
        for (bad, name) in [(lacking, "linear/w"), (misshapen, "linear/w"), (infinite, "linear/b")] {
            let error = try #require(throws: PolicyError.self) { try PolicyWeights(bad) }
            #expect("\(error)".contains(name))
        }
    }

    /// A configuration of 9 TB of parameters over tensors of 200 kB.
    @Test func configurationLargerThanTheFile_isRefusedBeforeMemoryIsTaken() throws {
        var file = try Safetensors(Fixture.weights("tiny").encoded())
        file.metadata = [:]
        let json = """
            {"num_layers":256,"num_heads":256,"key_size":1024,"model_size":8192,"widening_factor":64,"embed_size":8192}
            """
        let sizes = try JSONDecoder().decode(PolicyConfiguration.self, from: Data(json.utf8))
        #expect(ParameterLayout(sizes).parameterCount > 2_000_000_000_000)
        #expect(throws: PolicyError.self) { try PolicyWeights(file, configuration: sizes) }
    }

    @Test func fullConfiguration_hasThePublishedNumberOfParameters() {
        #expect(ParameterLayout(.full).parameterCount == 4_833_575)
    }

    @Test(arguments: ["tiny", "small"]) func layout_hasTheReferencesNamesAndShapes(model: String) throws {
        struct File: Decodable { let parameters: [String: [Int]] }
        let expected = try Fixture.json("\(model)/config.json", as: File.self).parameters
        let layout = try Fixture.weights(model).layout
        #expect(Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0.shape) }) == expected)
    }
}

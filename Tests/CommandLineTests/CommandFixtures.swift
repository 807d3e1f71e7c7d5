import Crystals
import Foundation
import Policy
import StructureFiles

/// Files that the commands are run on.
enum CommandFixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func path(_ name: String) -> String { folder.appending(path: name).path }

    /// The options for a policy of the reference.
    static func policy(_ name: String) -> [String] {
        [
            "--policy", path("policy/\(name)/params.safetensors"),
            "--policy-config", path("policy/\(name)/config.json"),
        ]
    }

    static func json(_ name: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: name)))
    }

    /// Crystals as JSON lines, each with its index as id.
    static func lines(_ crystals: [Crystal]) -> String {
        crystals.enumerated().map { StructureWriter.jsonLine($1, id: "\($0)") }.joined()
    }

    /// Rock salt with one atom each of sodium and chlorine.
    static let rockSalt = """
        {"id":"salt","space_group":225,"lattice":[5.64,5.64,5.64,90,90,90],"sites":[\
        {"wyckoff":"a","element":"Na","position":[0,0,0]},{"wyckoff":"b","element":"Cl","position":[0.5,0.5,0.5]}]}

        """

    /// A policy with sizes of its own, in a file with its configuration.
    static func writePolicy(
        to url: URL, maximumSites: Int = 6, spaceGroupCounts: [Int: Int] = [225: 3, 62: 1]
    ) throws {
        var configuration = PolicyConfiguration()
        configuration.maximumSites = maximumSites
        configuration.layers = 1
        configuration.heads = 2
        configuration.keySize = 8
        configuration.modelSize = 16
        configuration.embeddingSize = 8
        configuration.firstHiddenSize = 16
        var weights = PolicyWeights(random: 1, configuration: configuration)
        weights.metadata[SpaceGroupDistribution.metadataKey] = SpaceGroupDistribution.metadataText(
            counts: spaceGroupCounts)
        try weights.encoded().write(to: url)
    }
}

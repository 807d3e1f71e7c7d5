import Base
import Crystals
import FleetFixtures
import Foundation
import Protocol
import Rewards
import Stability
import Trajectories

@testable import Engines

// What an engine in another language answers, and what a learner tells its peers to do.
extension Decoder {
    static let engines = [
        Decoder(name: "engine-frame", seeds: engineSeeds, words: engineWords, read: readEngine),
        Decoder(
            name: "engine-request", seeds: requestSeeds, words: ["judge", "limits", "potential", "wants"],
            read: { bytes in
                let frame = try EngineRequest(frame: bytes).frame()
                expect(try EngineRequest(frame: frame).frame() == frame, "a request is another when read again")
            }),
        Decoder(
            name: "recipe", seeds: { try recipeSeeds() },
            words: ["judge", "limits", "potential", "hull", "relaxation", "uncertaintyShare", "correction", "wants"],
            read: { bytes in
                for recipe in RecipeList.recipes(in: bytes.text) {
                    let recipe = try PeerSettings.parse(Recipe.self, from: recipe)
                    try recipe.checkWants()
                    try recipe.checkRelaxations()
                    _ = recipe.files
                }
            }),
        Decoder(
            name: "sampling-settings",
            seeds: { ["{\"spaceGroups\":[1,225],\"elements\":[8,11],\"minimumElements\":2}"].map([UInt8].init(text:)) },
            read: { bytes in
                let settings = try PeerSettings.parse(SamplingSettings.self, from: bytes.text)
                _ = try settings.options()
            }),
        Decoder(
            name: "engine-words", seeds: { ["python3 -m 'a b' \"c\\\"d\" e\\ f"].map([UInt8].init(text:)) },
            read: { _ = try EngineWords.split($0.text) }),
    ]

    private static let engineWords = [
        "druse_engine", "kind", "hello", "results", "failed", "out_of_memory", "batch", "arrays", "name", "type",
        "shape", "f64", "i32", "energy", "energy_per_atom", "forces", "stress", "eV", "eV/atom", "uncertainty",
        "energy_convention", "quantities", "reason",
    ]

    private static let atoms: [Structure] = [1, 2].map { count in
        Structure(
            cell: Cell(a: SIMD3(4, 0, 0), b: SIMD3(0, 4, 0), c: SIMD3(0, 0, 4)),
            elements: Array(repeating: Element(atomicNumber: 11), count: count).compactMap { $0 },
            fractionalCoordinates: (0..<count).map { SIMD3(repeating: Double($0) / 2) })
    }

    private static let hello = """
        {"kind":"hello","druse_engine":1,"name":"e","version":"1","energy_convention":"raw-pbe","quantities":[\
        {"name":"energy","unit":"eV"},{"name":"forces","unit":"eV/Å"},{"name":"stress","unit":"eV/Å^3"},\
        {"name":"gap","unit":"eV"}]}
        """

    private static func engineSeeds() -> [[UInt8]] {
        func framed(_ header: String, _ numbers: Int) -> [UInt8] {
            let bytes = Array(header.utf8)
            return withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes
                + [UInt8](repeating: 0, count: numbers)
        }
        func array(_ name: String, _ shape: String) -> String {
            "{\"name\":\"\(name)\",\"type\":\"f64\",\"shape\":\(shape)}"
        }
        let arrays = [("energy", "[2]"), ("gap", "[2]"), ("forces", "[3,3]"), ("stress", "[2,3,3]")].map(array)
        let list = "\"arrays\":[\(arrays.joined(separator: ","))]"
        let first = framed(hello, 0)
        return [
            first, first + framed("{\"kind\":\"results\",\"batch\":1,\(list)}", 8 * (2 + 2 + 9 + 18)),
            first + framed("{\"kind\":\"results\",\"batch\":1,\"failed\":{\"1\":\"no\"},\(list)}", 8 * 31),
            first + framed("{\"kind\":\"failed\",\"batch\":1,\"reason\":\"no\"}", 0),
            first + framed("{\"kind\":\"out_of_memory\",\"batch\":1}", 0),
        ]
    }

    /// A hello, then an answer to a batch of two structures.
    private static func readEngine(_ bytes: [UInt8]) throws {
        var reader = EngineFrameReader()
        // In two pieces: a frame that has not come to its end is waited for.
        let middle = bytes.count / 2
        bytes[..<middle].withUnsafeBytes { reader.append($0) }
        var frames: [EngineFrame] = []
        while let frame = try reader.next() { frames.append(frame) }
        bytes[middle...].withUnsafeBytes { reader.append($0) }
        while let frame = try reader.next() { frames.append(frame) }
        _ = reader.unfinished
        guard let first = frames.first else { return }
        let identity = try EngineIdentity(first.header)
        _ = identity.description
        let batch = EngineBatch(number: 1, structures: atoms, properties: identity.properties, identity: identity)
        _ = batch.frame
        for frame in frames.dropFirst() {
            let results = try batch.results(in: frame)
            expect(results.count == atoms.count, "\(results.count) results")
        }
    }

    private static func requestSeeds() throws -> [[UInt8]] {
        let item = WorkItem(job: 0, index: 1, form: .atoms(try SampleMessages.structure()))
        return try recipeSeeds().map { try EngineRequest(id: 1, settings: $0.text, items: [item]).frame() }
    }

    private static func recipeSeeds() throws -> [[UInt8]] {
        var recipe = Recipe(
            limits: ValidityLimits(), potential: "chgnet", potentialDigest: "a", hull: "default", hullDigest: "b")
        let plain = try PeerSettings.text(recipe)
        recipe.wantsForces = true
        recipe.correction = .asTheyAre
        return [plain, try RecipeList.text(of: [PeerSettings.text(recipe), plain])].map([UInt8].init(text:))
    }
}

import Crystals
import Foundation
import Testing

/// The folder of the fixtures.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

/// A decoder for the fixtures' keys.
func fixtureDecoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
}

/// Decodes a JSON fixture.
func fixture<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) throws -> Value {
    try fixtureDecoder().decode(type, from: Data(contentsOf: fixtures.appending(path: path)))
}

/// A composition from symbols.
func composition(_ amounts: [String: Double]) throws -> Composition {
    var result: [Element: Double] = [:]
    for (symbol, amount) in amounts { result[try #require(Element(symbol: symbol))] = amount }
    return Composition(result)
}

/// Runs a test with the address of a file of a given content.
@discardableResult
func withFile<Result>(_ content: Data, name: String = "entries.json", _ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: name)
    try content.write(to: url)
    return try body(url)
}

/// A seeded generator of numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

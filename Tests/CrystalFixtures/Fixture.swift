package import Crystals
package import Foundation

/// Files under Tests/Fixtures.
package enum Fixture {
    package static func url(_ path: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Fixtures/\(path)")
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: url(path)))
    }
}

/// The tensors of a safetensors file as f64.
package struct FixtureTensors {
    private struct Entry: Decodable {
        var dtype: String
        var dataOffsets: [Int]
    }

    private let tensors: [String: [Double]]

    package init(_ path: String) throws {
        let data = try Data(contentsOf: Fixture.url(path))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let header = try decoder.decode([String: Entry].self, from: data.dropFirst(8).prefix(length))
        let body = data.dropFirst(8 + length)
        tensors = header.mapValues { entry in
            let bytes = Data(
                body.dropFirst(entry.dataOffsets[0]).prefix(entry.dataOffsets[1] - entry.dataOffsets[0]))
            return bytes.withUnsafeBytes { raw in
                entry.dtype == "F64"
                    ? (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
                    : (0..<raw.count / 4).map { Double(raw.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
            }
        }
    }

    package subscript(name: String) -> [Double] { tensors[name] ?? [] }

    /// Triples of a tensor of shape [n, 3].
    package func points(_ name: String) -> [SIMD3<Double>] {
        let values = self[name]
        return stride(from: 0, to: values.count, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
    }
}

/// A crystal of `inputs.json` or `synthetic.json`.
package struct PolicyCrystal: Decodable {
    package var id: Int
    package var group: Int
    package var lattice: [Double]
    package var positions: [[Double]]
    package var atomicNumbers: [Int]
    package var wyckoffs: [Int]
    package var numSites: Int
    package var numAtoms: Int

    private enum CodingKeys: String, CodingKey {
        case id, numSites, numAtoms
        case group = "G"
        case lattice = "lRaw"
        case positions = "XYZ"
        case atomicNumbers = "A"
        case wyckoffs = "W"
    }

    package struct File: Decodable { package var crystals: [PolicyCrystal] }

    package var crystal: Crystal? {
        guard let group = SpaceGroup(number: group) else { return nil }
        let sites = (0..<numSites).compactMap { index in
            Element(atomicNumber: atomicNumbers[index]).map {
                Crystal.Site(wyckoff: wyckoffs[index], element: $0, position: SIMD3(positions[index]))
            }
        }
        return Crystal(spaceGroup: group, sites: sites, lattice: LatticeParameters(values: lattice))
    }
}

/// The largest distance, in fractional coordinates modulo 1, from a point of one set to its partner in the other;
/// infinite if the sets differ in size.
package func largestMismatch(_ left: [SIMD3<Double>], _ right: [SIMD3<Double>]) -> Double {
    guard left.count == right.count else { return .infinity }
    var open = right
    var worst = 0.0
    for point in left {
        var best = (index: 0, distance: Double.infinity)
        for (index, other) in open.enumerated() {
            let difference = nearestImage(point - other)
            let distance = (difference * difference).sum().squareRoot()
            if distance < best.distance { best = (index, distance) }
        }
        worst = max(worst, best.distance)
        open.remove(at: best.index)
    }
    return worst
}

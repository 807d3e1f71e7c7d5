// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

package import Base
package import Crystals
package import Foundation
package import Policy

/// Reads the reference's numbers from `Tests/Fixtures/policy`.
package enum Fixture {
    package static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/policy")

    private struct NamedCrystal: Decodable {
        let G: Int
        let L: [Double]
        let L_raw: [Double]
        let XYZ: [[Double]]
        let A: [Int]
        let W: [Int]

        var crystal: Crystal? {
            guard let group = SpaceGroup(number: G) else { return nil }
            var sites: [Crystal.Site] = []
            for (index, wyckoff) in W.enumerated() where wyckoff > 0 {
                guard let element = Element(atomicNumber: A[index]) else { return nil }
                sites.append(
                    .init(
                        wyckoff: wyckoff, element: element,
                        position: SIMD3(XYZ[index][0], XYZ[index][1], XYZ[index][2])))
            }
            return Crystal(
                spaceGroup: group, sites: sites,
                lattice: LatticeParameters(
                    a: L_raw[0], b: L_raw[1], c: L_raw[2], alpha: L_raw[3], beta: L_raw[4], gamma: L_raw[5]))
        }
    }

    package static func json<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: path)))
    }

    package static func weights(_ model: String) throws -> PolicyWeights {
        let configuration: PolicyConfiguration = try json("\(model)/config.json")
        return try PolicyWeights(
            Safetensors(contentsOf: folder.appending(path: "\(model)/params.safetensors")), configuration: configuration
        )
    }

    package static func tensors(_ path: String) throws -> [String: Safetensors.Tensor] {
        try Safetensors(contentsOf: folder.appending(path: path)).tensors
    }
}

extension Fixture {
    /// The 64 real crystals.
    package static func inputCrystals() throws -> [Crystal] { try list("inputs.json") }

    /// The 238 synthetic crystals.
    package static func syntheticCrystals() throws -> [Crystal] { try list("synthetic.json") }

    private static func list(_ file: String) throws -> [Crystal] {
        struct File: Decodable { let crystals: [NamedCrystal] }
        return try json(file, as: File.self).crystals.compactMap(\.crystal)
    }
}

/// ‖ours - theirs‖ / ‖theirs‖; infinite where the tensor is missing or of another size.
package func relativeDistance(_ ours: [Float], _ theirs: [Float]?) -> Double {
    guard let theirs, ours.count == theirs.count else { return .infinity }
    var difference = 0.0
    var size = 0.0
    for (a, b) in zip(ours, theirs) {
        difference += Double(a - b) * Double(a - b)
        size += Double(b) * Double(b)
    }
    return difference.squareRoot() / max(size.squareRoot(), 1e-9)
}

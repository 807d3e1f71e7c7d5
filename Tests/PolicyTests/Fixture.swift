import Crystals
import Foundation
import Kernels
import Policy

/// Reads the reference's numbers from `Tests/Fixtures/policy`.
enum Fixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/policy")

    struct NamedCrystal: Decodable {
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

    static func json<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: path)))
    }

    static func crystals(_ file: String) throws -> [Crystal] {
        try json(file, as: [NamedCrystal].self).compactMap(\.crystal)
    }

    static func weights(_ model: String) throws -> PolicyWeights {
        let configuration: PolicyConfiguration = try json("\(model)/config.json")
        return try PolicyWeights(
            Safetensors(contentsOf: folder.appending(path: "\(model)/params.safetensors")), configuration: configuration)
    }

    static func tensors(_ path: String) throws -> [String: Safetensors.Tensor] {
        try Safetensors(contentsOf: folder.appending(path: path)).tensors
    }
}

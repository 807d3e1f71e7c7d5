internal import Base
package import Crystals
internal import Foundation
package import Policy
package import Potentials
package import Stability
internal import StructureFiles

/// Opens the policy that a command names.
package enum PolicySource {
    /// The name of the policy that comes with the program.
    package static let embeddedPolicy = "base"

    /// - Parameters:
    ///   - path: a safetensors file; nil and ``embeddedPolicy`` are the embedded base policy.
    ///   - configurationPath: a JSON file with the sizes, for weights without a configuration in their metadata.
    ///   - spaceGroups: a table of crystals whose frequencies of space groups stand in place of those in the metadata.
    /// - Throws: ``ModelError``.
    package static func load(
        path: String?, configurationPath: String? = nil, spaceGroups: String? = nil
    ) throws(ModelError) -> PolicyWeights {
        var weights = try weights(path: path, configurationPath: configurationPath)
        if let spaceGroups {
            let counts: SpaceGroupCounts
            do {
                try ModelSource.requireFile(spaceGroups)
                counts = try SpaceGroupCounts.read(path: spaceGroups, threads: ThreadTeam.availableCores)
            } catch let error as ModelError {
                throw error
            } catch {
                throw ModelSource.failure(error, path: spaceGroups)
            }
            weights.metadata[SpaceGroupDistribution.metadataKey] = SpaceGroupDistribution.metadataText(
                counts: counts.counts)
        }
        return weights
    }

    private static func weights(path: String?, configurationPath: String?) throws(ModelError) -> PolicyWeights {
        do {
            guard let path, path != embeddedPolicy else { return try PolicyWeights.embedded() }
            try ModelSource.requireFile(path)
            return try PolicyWeights(
                contentsOf: URL(filePath: path), configuration: try configuration(configurationPath))
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelSource.failure(error, path: path)
        }
    }

    private static func configuration(_ path: String?) throws(ModelError) -> PolicyConfiguration? {
        guard let path else { return nil }
        try ModelSource.requireFile(path)
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw ModelError("cannot read \(path): \(FileProblem.reason(of: error))")
        }
        do throws(PolicyError) {
            return try PolicyConfiguration(file: data)
        } catch {
            throw ModelSource.failure(error, path: path)
        }
    }
}

/// Opens the interatomic potential that a command names.
package enum PotentialSource {
    /// The potentials that come with the program: `chgnet` is version 0.3.0.
    package static let names = ["chgnet", "chgnet-0.3.0", "chgnet-0.2.0", "chgnet-r2scan"]

    /// - Parameter name: one of ``names``, else a safetensors file.
    /// - Throws: ``ModelError``.
    package static func load(_ name: String) throws(ModelError) -> any InteratomicPotential {
        do {
            switch name {
            case "chgnet", "chgnet-0.3.0": return try CHGNet.embedded(.v030)
            case "chgnet-0.2.0": return try CHGNet.embedded(.v020)
            case "chgnet-r2scan": return try CHGNet.embedded(.r2scan)
            default: break
            }
            if let engine = PotentialName(name).externalName {
                throw ModelError(
                    "the engine \(engine) runs behind reward workers alone (reward-worker --engine); name "
                        + "\(names.joined(separator: ", ")) or a model file here")
            }
            guard FileManager.default.fileExists(atPath: name) else {
                throw ModelError(
                    "there is no potential and no file \(name): name \(names.joined(separator: ", ")) or a model file "
                        + "(.safetensors)")
            }
            try ModelSource.requireFile(name)
            return try CHGNet(contentsOf: URL(filePath: name))
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelSource.failure(error, path: name)
        }
    }
}

/// Opens the hull that a command names.
package enum HullSource {
    /// The name that stands for no hull.
    package static let none = "none"

    /// - Parameter name: as of ``load(_:)``, or ``none``.
    package static func loadAny(_ name: String) throws(ModelError) -> HullReference? {
        name == none ? nil : try load(name)
    }

    /// - Parameter name: "default" for the embedded hull, else a file of entries.
    /// - Throws: ``ModelError``.
    package static func load(_ name: String) throws(ModelError) -> HullReference {
        do {
            return name == "default" ? try HullReference.embedded() : try HullReference.open(URL(filePath: name))
        } catch {
            throw ModelSource.failure(error, path: name)
        }
    }

    /// Refuses heights above a hull whose energies are of another kind than the potential's.
    ///
    /// Plain PBE energies are corrected on a corrected hull (``EnergyAlignment``), so they fit everywhere. The embedded
    /// hull and compact ones say what they hold; what other files hold is their owner's to know.
    /// - Throws: ``ModelError``.
    package static func check(_ hull: HullReference, isFor potential: any InteratomicPotential) throws(ModelError) {
        try check(hull, isFor: potential.name, potential.energyConvention)
    }

    /// The same for a potential of which name and convention are known.
    package static func check(
        _ hull: HullReference, isFor potential: String, _ convention: EnergyConvention
    ) throws(ModelError) {
        guard let held = hull.statedConvention, held != convention else { return }
        if convention == .rawPBE, held == .mp2020Corrected { return }
        throw ModelError(
            "energies of \(potential) (\(convention.rawValue)) have no place on \(hull.label), which holds "
                + "\(held.rawValue) ones: name a hull file of this potential's own energies")
    }
}

/// What the sources have in common.
private enum ModelSource {
    static func requireFile(_ path: String) throws(ModelError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ModelError("cannot read \(path): there is no such file")
        }
        if isFolder.boolValue { throw ModelError("cannot read \(path): it is a folder") }
    }

    /// The failure with the file's name, once.
    static func failure(_ error: some Error, path: String?) -> ModelError {
        let text = "\(error)"
        guard let path, !text.contains(path) else { return ModelError(text) }
        return ModelError("\(path): \(text)")
    }
}

internal import Base
package import Crystals
package import Foundation

/// CHGNet, a charge-informed graph network potential (Deng et al., Nature Machine Intelligence 5, 1031 (2023)).
///
/// Energies of versions 0.2.0 and 0.3.0 are on the scale of MP2020-corrected PBE/PBE+U calculations: they stand on a
/// corrected hull as they are, and must not be corrected again. Those of r2SCAN are comparable with each other alone.
///
///     let potential = try CHGNet.embedded()
///     let evaluator = potential.makeEvaluator()
///     for result in evaluator.evaluate(structures, [.energy, .forces]) {
///         let evaluation = try result.get()
///         print(evaluation.energyPerAtom, evaluation.forces ?? [])  // eV/atom, eV/Å
///     }
package struct CHGNet: InteratomicPotential {
    package let name: String
    /// SHA-256 of the tensors (names, shapes, values) and the configuration, hexadecimal; comments and layout of the
    /// file do not count.
    package let digest: String
    package let energyConvention: EnergyConvention
    /// What an evaluator refuses to spend time and memory on.
    package var limits = Limits()
    /// Whether atoms, bonds and angles that the network cannot tell apart are computed once. Results agree with and
    /// without to rounding; symmetric crystals are several times faster with it.
    package var mergesEquivalent = true
    let configuration: CHGNetConfiguration
    let weights: CHGNetWeights

    /// Bounds on the graph of one structure; a crystal of usual density has 60 to 90 edges an atom.
    package struct Limits: Sendable, Hashable {
        /// Directed pairs of atoms within the cutoff.
        package var maximumEdges: Int
        /// Ordered pairs of short edges at one atom.
        package var maximumAngles: Int

        package init(maximumEdges: Int = 200_000, maximumAngles: Int = 400_000) {
            self.maximumEdges = maximumEdges
            self.maximumAngles = maximumAngles
        }
    }

    /// The published models, all of which come with the program.
    package enum Version: String, CaseIterable, Sendable {
        /// MPtrj, of October 2023.
        case v030 = "0.3.0"
        /// MPtrj, of February 2023: the model of the paper.
        case v020 = "0.2.0"
        /// Version 0.3.0 transferred to r2SCAN.
        case r2scan
    }

    /// A model that comes with the program.
    /// - Throws: `modelUnreadable` if the program's resources are not where the build put them.
    package static func embedded(_ version: Version = .v030) throws(PotentialError) -> CHGNet {
        let path = "Resources/chgnet-\(version.rawValue)/model"
        guard let url = Bundle.module.url(forResource: path, withExtension: "safetensors") else {
            throw .modelUnreadable(path: path + ".safetensors", reason: "it is missing from the program's resources")
        }
        return try CHGNet(contentsOf: url)
    }

    /// Reads a model in safetensors form with its configuration as JSON under `config` in the metadata, and optionally
    /// under `energy_convention` what its energies may be compared with.
    /// - Throws: `modelUnreadable`, `modelTensor`, `modelUnsupported`.
    package init(contentsOf url: URL) throws(PotentialError) {
        let path = url.path(percentEncoded: false)
        let data: Data
        let file: Safetensors
        do {
            data = try Data(contentsOf: url)
            file = try Safetensors(data)
        } catch let error as SafetensorsError {
            throw .modelUnreadable(path: path, reason: "\(error)")
        } catch {
            throw .modelUnreadable(path: path, reason: FileProblem.reason(of: error))
        }
        guard let json = file.metadata["config"] else {
            throw .modelUnsupported(path: path, reason: "its metadata has no \"config\"")
        }
        do {
            configuration = try JSONDecoder().decode(CHGNetConfiguration.self, from: Data(json.utf8))
        } catch {
            throw .modelUnsupported(path: path, reason: "its configuration is not that of a CHGNet model")
        }
        if let reason = configuration.unsupported { throw .modelUnsupported(path: path, reason: reason) }
        weights = try CHGNetWeights(file.tensors, configuration: configuration, path: path)
        name = "chgnet-" + configuration.version
        energyConvention = try Self.convention(
            stated: file.metadata["energy_convention"], version: configuration.version, path: path)
        digest = ModelFile.digest(of: file.tensors, configuration: json)
    }

    /// What the file states, else what is known of a published version.
    private static func convention(
        stated: String?, version: String, path: String
    ) throws(PotentialError) -> EnergyConvention {
        if let stated {
            if let convention = EnergyConvention(rawValue: stated) { return convention }
            let known = EnergyConvention.allCases.map(\.rawValue).joined(separator: ", ")
            throw .modelUnsupported(
                path: path, reason: "energy_convention in its metadata is \(stated); it must be one of \(known)")
        }
        switch Version(rawValue: version) {
        case .v030, .v020: return .mp2020Corrected
        case .r2scan, nil: return .ownHullOnly
        }
    }

    package func knows(_ element: Element) -> Bool { element.atomicNumber <= configuration.largestAtomicNumber }

    package var properties: PotentialProperties { [.energy, .forces, .stress, .magneticMoments, .siteEnergies] }

    package func makeEvaluator() -> any PotentialEvaluator { makeCHGNetEvaluator() }

    /// The same with the concrete type, which also gives graphs.
    package func makeCHGNetEvaluator() -> CHGNetEvaluator { CHGNetEvaluator(self) }
}

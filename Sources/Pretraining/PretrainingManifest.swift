import Archive
import Base
import Configuration
import Crystals
import Foundation

/// What a pretraining is, beside its configuration: `pretraining.json` in its run directory.
///
/// A resumed pretraining goes on only if it would make the weights that it would have made without the interruption.
struct PretrainingManifest: Codable, Hashable {
    /// SHA-256 of the crystals to train and to validate on, in order.
    var trainDigest: String
    var validationDigest: String

    static let fileName = "pretraining.json"

    private enum CodingKeys: String, CodingKey {
        case trainDigest = "train_sha256"
        case validationDigest = "validation_sha256"
    }

    init(_ set: TrainingSet) {
        trainDigest = TrainingSet.digest(of: set.train)
        validationDigest = TrainingSet.digest(of: set.validation)
    }

    init(contentsOf url: URL) throws {
        do {
            self = try JSONDecoder().decode(PretrainingManifest.self, from: Data(contentsOf: url))
        } catch {
            throw ConfigurationError(
                source: url.path,
                problems: [
                    "says which data the run was begun with and cannot be read; restore it, or "
                        + "begin a new run in another run_dir"
                ])
        }
    }

    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try DurableFile.replace(url, with: encoder.encode(self))
    }

    /// The differences from the run's own, each with both values.
    func problems(against stored: PretrainingManifest) -> [String] {
        var problems: [String] = []
        func compare(_ name: String, _ ours: String, _ theirs: String) {
            guard ours != theirs else { return }
            problems.append("\(name) crystals have SHA-256 \(ours), those the run was begun with \(theirs)")
        }
        compare("the training", trainDigest, stored.trainDigest)
        compare("the validation", validationDigest, stored.validationDigest)
        return problems
    }
}

extension TrainingSet {
    /// SHA-256 of crystals in their order: groups, sites and lattices, bit by bit.
    static func digest(of crystals: [Crystal]) -> String {
        var hash = SHA256()
        for crystal in crystals {
            var numbers = [Double(crystal.spaceGroup.number), Double(crystal.sites.count)]
            for site in crystal.sites {
                numbers += [Double(site.wyckoff), Double(site.element.atomicNumber)]
                numbers += [site.position.x, site.position.y, site.position.z]
            }
            let lattice = crystal.lattice
            numbers += [lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma]
            hash.update(numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })
        }
        return hash.finalize().hexadecimal
    }
}

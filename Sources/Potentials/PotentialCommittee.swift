internal import Base
package import Crystals
internal import Foundation

/// How far apart potentials are on a crystal: a cheap estimate of their error where no reference is at hand.
///
/// Potentials of one architecture that were trained on other data agree on crystals like those they have seen, and go
/// apart elsewhere. Their zeros differ from element to element, and their functionals do; so each is brought to the
/// scale of the first by an offset for each element, fitted to known crystals (`Resources/committee`).
package struct PotentialCommittee: Sendable {
    private struct Member: Sendable {
        let potential: any InteratomicPotential
        /// eV an atom by atomic number; nil where no known crystal has the element.
        let offsets: [Element: Double]?
    }

    private let members: [Member]

    /// CHGNet 0.3.0, 0.2.0 and r2SCAN.
    ///
    /// - Throws: `modelUnreadable` if the program's resources are not where the build put them.
    package static func chgnet() throws(PotentialError) -> PotentialCommittee {
        let path = "Resources/committee/offsets"
        guard let url = Bundle.module.url(forResource: path, withExtension: "json"),
            let data = try? Data(contentsOf: url),
            let tables = try? JSONDecoder().decode([String: [String: Double]].self, from: data)
        else {
            throw .modelUnreadable(path: path + ".json", reason: "it is missing from the program's resources")
        }
        var members = [Member(potential: try CHGNet.embedded(.v030), offsets: nil)]
        for version in [CHGNet.Version.v020, .r2scan] {
            let potential = try CHGNet.embedded(version)
            let table = tables[potential.name] ?? [:]
            let offsets = table.compactMap { symbol, offset in Element(symbol: symbol).map { ($0, offset) } }
            members.append(
                Member(potential: potential, offsets: Dictionary(offsets, uniquingKeysWith: { first, _ in first })))
        }
        return PotentialCommittee(members: members)
    }

    /// An evaluator for one thread.
    package func makeEvaluator() -> CommitteeEvaluator {
        CommitteeEvaluator(members.map { ($0.potential.makeEvaluator(), $0.offsets) })
    }
}

/// Asks all potentials of a committee. Thread rule: one evaluator belongs to one thread at a time.
package final class CommitteeEvaluator {
    private let members: [(evaluator: any PotentialEvaluator, offsets: [Element: Double]?)]

    fileprivate init(_ members: [(evaluator: any PotentialEvaluator, offsets: [Element: Double]?)]) {
        self.members = members
    }

    /// The standard deviation of the members' energies on one scale, eV/atom, of each structure; nil where a member
    /// gives no energy, or where its offset for an element is not known.
    package func spread(of structures: [Structure]) -> [Double?] {
        let energies = members.map { member in
            zip(structures, member.evaluator.evaluate(structures, .energy)).map { structure, answer in
                energy(structure, try? answer.get().energyPerAtom, member.offsets)
            }
        }
        return structures.indices.map { index in
            let values = energies.compactMap { $0[index] }
            guard values.count == members.count, values.count > 1 else { return nil }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (squares / Double(values.count - 1)).squareRoot()
        }
    }

    private func energy(_ structure: Structure, _ energy: Double?, _ offsets: [Element: Double]?) -> Double? {
        guard let energy, energy.isFinite else { return nil }
        guard let offsets else { return energy }
        var sum = 0.0
        for element in structure.elements {
            guard let offset = offsets[element] else { return nil }
            sum += offset
        }
        return energy - sum / Double(structure.atomCount)
    }
}

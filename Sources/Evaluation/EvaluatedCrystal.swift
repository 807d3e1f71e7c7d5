internal import Crystals

/// A crystal with all that an evaluation found of it: a line of its records.
package struct EvaluatedCrystal: Codable, Sendable {
    package var id: String
    /// As sampled, or as found in a structure; nil if there is none.
    package var spaceGroup: Int?
    package var formula = ""
    /// Symbols in alphabetical order.
    package var elements: [String] = []
    package var atoms: Int?
    /// Why it is no crystal; nil if it is one.
    package var invalid: String?
    /// Why potential or hull have nothing to say of it.
    package var failure: String?
    /// `valid`, or why the composition is not, as SMACT says.
    package var composition: String?
    /// The entries of the hull in its chemical system.
    package var hullEntries: Int?
    package var asSampled: State?
    package var relaxed: Relaxed?
    /// By the second judge, of the last form.
    package var judged: Judgement?
    /// Why the second judge has nothing to say of it.
    package var judgeFailure: String?
    /// True in a log where it is still to be judged, or to be told of aims.
    var isPending: Bool?

    /// What was found of one form.
    package struct State: Codable, Sendable {
        /// The atoms of its primitive cell.
        var structure: StoredStructure
        /// eV/atom; nil if it could not be measured.
        package var energyPerAtom: Double?
        /// eV/atom; negative below the hull.
        package var energyAboveHull: Double?
        /// The first crystal before that equals it; nil if it is the first of its kind.
        package var equals: String?
        /// The known crystal that it is; nil if it is none.
        package var known: String?
        /// Why it could not be compared with others: what it equals is not known.
        package var incomparable: String?
        /// What the run's models of properties say, by quantity; nil where none were asked.
        package var predicted: [String: Double]?
        /// The numbers of the reward's terms, by name, as far as it has them; nil where no reward is told of.
        package var aims: [String: Double]?
        /// Where it stands along the axes of the reward's front; nil where it has not all of their numbers.
        package var point: [Double]?

        enum CodingKeys: String, CodingKey {
            case structure
            case energyPerAtom = "energy_per_atom"
            case energyAboveHull = "e_above_hull"
            case equals, known, incomparable, predicted, aims
            case point = "front_point"
        }

        /// Whether it is the first of its kind, as far as it could be compared.
        var isFirst: Bool { equals == nil && incomparable == nil }
        /// Whether it is none of the known crystals, as far as it could be compared.
        var isNovel: Bool { known == nil && incomparable == nil }
    }

    /// What became of it by relaxation.
    package struct Relaxed: Codable, Sendable {
        package var state: State
        package var steps: Int
        /// Why it stopped: `converged`, `steps`, ...
        package var stopped: String
        /// Å
        package var displacement: Double
        package var volumeRatio: Double
        /// As found in the relaxed structure; nil where the search failed.
        package var spaceGroup: Int?

        /// Whether force and stress became as small as asked for.
        var isConverged: Bool { stopped == "converged" }

        enum CodingKeys: String, CodingKey {
            case state, steps, stopped
            case displacement = "rmsd"
            case volumeRatio = "volume_ratio"
            case spaceGroup = "space_group"
        }
    }

    package struct Judgement: Codable, Sendable {
        package var energyPerAtom: Double
        /// Nil where the judge has no hull.
        package var energyAboveHull: Double?

        enum CodingKeys: String, CodingKey {
            case energyPerAtom = "energy_per_atom"
            case energyAboveHull = "e_above_hull"
        }
    }

    enum CodingKeys: String, CodingKey {
        case id
        case spaceGroup = "space_group"
        case formula, elements, atoms, invalid, failure, composition
        case hullEntries = "hull_entries"
        case asSampled = "as_sampled"
        case relaxed, judged
        case judgeFailure = "judge_failure"
        case isPending = "pending"
    }

    init(id: String) { self.id = id }

    /// One of the two forms.
    enum Form: Sendable { case asSampled, relaxed }

    subscript(form: Form) -> State? {
        switch form {
        case .asSampled: asSampled
        case .relaxed: relaxed?.state
        }
    }

    /// The last form that has a structure.
    var finalState: State? { relaxed?.state ?? asSampled }

    /// Of that form.
    var finalSpaceGroup: Int? { relaxed.map(\.spaceGroup) ?? spaceGroup }

    /// Why a form of it could not be compared with others; nil if each could, or was not there.
    package var incomparable: String? { asSampled?.incomparable ?? relaxed?.state.incomparable }
}

/// A structure in records.
struct StoredStructure: Codable, Sendable {
    /// The vectors a, b, c, Å.
    let lattice: [[Double]]
    let species: [String]
    let positions: [[Double]]

    enum CodingKeys: String, CodingKey {
        case lattice, species
        case positions = "frac_coords"
    }

    init(_ structure: Structure) {
        lattice = [structure.cell.a, structure.cell.b, structure.cell.c].map { [$0.x, $0.y, $0.z] }
        species = structure.elements.map(\.symbol)
        positions = structure.fractionalCoordinates.map { [$0.x, $0.y, $0.z] }
    }

    /// Whether all numbers can be written.
    var isFinite: Bool { (lattice + positions).allSatisfy { $0.allSatisfy(\.isFinite) } }

    /// Nil for what no build writes.
    var structure: Structure? {
        let elements = species.compactMap(Element.init(symbol:))
        let vectors = (lattice + positions).compactMap { $0.count == 3 ? SIMD3($0[0], $0[1], $0[2]) : nil }
        guard lattice.count == 3, elements.count == species.count, positions.count == species.count,
            vectors.count == 3 + positions.count
        else { return nil }
        return Structure(
            cell: Cell(a: vectors[0], b: vectors[1], c: vectors[2]), elements: elements,
            fractionalCoordinates: Array(vectors[3...]))
    }
}

/// What a proposal changes of a crystal. Space group and Wyckoff positions never change.
package enum MoveKind: String, CaseIterable, Sendable, Hashable {
    /// Another element on one site.
    case element
    /// Another element in place of one, on all its sites.
    case substitution
    /// The elements of two sites exchanged.
    case exchange
    /// The free coordinates of one site.
    case coordinates
    /// The free lattice parameters.
    case lattice

    /// How often it is proposed, beside the others that a crystal has: elements, coordinates and lattice alike.
    var weight: Double {
        switch self {
        case .element, .substitution, .exchange: 1
        case .coordinates, .lattice: 3
        }
    }

    /// Whether it changes which elements a crystal has where.
    var changesElements: Bool { self == .element || self == .substitution || self == .exchange }
}

/// How many proposals there were, and how many were taken.
package struct MoveCount: Sendable, Hashable {
    package var proposed = 0
    package var accepted = 0

    package init(proposed: Int = 0, accepted: Int = 0) {
        self.proposed = proposed
        self.accepted = accepted
    }

    /// The share that was taken, 0...1; nil if none was proposed.
    package var rate: Double? { proposed > 0 ? Double(accepted) / Double(proposed) : nil }

    package static func += (left: inout MoveCount, right: MoveCount) {
        left.proposed += right.proposed
        left.accepted += right.accepted
    }
}

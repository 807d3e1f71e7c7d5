package import Crystals

/// What a policy may draw: its distribution is restricted to that and normalised anew.
///
/// The sampler and the likelihood take the same value, so that a log-probability is that of the distribution that was
/// sampled. What is not allowed has probability 0.
package struct Constraint: Sendable, Hashable {
    /// The elements to choose from; nil for all 118.
    package let elements: Set<Element>?
    /// The fewest different elements of a crystal: it does not end with fewer, unless no position is left to take.
    package let minimumElements: Int
    /// For each atomic number whether it is allowed, 0 (padding) never; nil if all are.
    let allowedAtoms: [Bool]?

    private static let largestAtomicNumber = 118

    /// Nothing is forbidden.
    package static let none = Constraint()

    package init(elements: Set<Element>? = nil, minimumElements: Int = 1) {
        self.elements = elements
        self.minimumElements = minimumElements
        allowedAtoms = elements.map { elements in
            var allowed = [Bool](repeating: false, count: 1 + Self.largestAtomicNumber)
            for element in elements { allowed[element.atomicNumber] = true }
            return allowed
        }
    }

    /// What is wrong with it; empty if nothing is.
    package var problems: [String] {
        if elements?.isEmpty == true { return ["the list of elements is empty: nothing can be drawn"] }
        let available = elements?.count ?? Self.largestAtomicNumber
        guard minimumElements <= available else {
            return ["crystals of \(minimumElements) elements cannot be drawn of \(available)"]
        }
        return []
    }

    /// Whether an element may be drawn.
    package func allows(atomicNumber: Int) -> Bool { allowedAtoms?[atomicNumber] ?? true }

    /// Whether a crystal can be drawn: its elements are allowed, and it does not end too soon.
    ///
    /// - Parameter maximumSites: of the policy; a crystal of so many does not end by its own choice.
    package func allows(_ crystal: Crystal, maximumSites: Int) -> Bool {
        guard crystal.sites.allSatisfy({ allows(atomicNumber: $0.element.atomicNumber) }) else { return false }
        guard let last = crystal.sites.last, crystal.sites.count < maximumSites else { return true }
        let atoms = crystal.sites.map(\.element.atomicNumber)
        return mayEnd(after: atoms[...])
            || SymmetryTables.shared.successors(group: crystal.spaceGroup.number, previous: last.wyckoff) == nil
    }

    /// Whether sites of these atomic numbers are of elements enough.
    func mayEnd(after atoms: some Collection<Int>) -> Bool {
        minimumElements < 2 || Set(atoms).count >= minimumElements
    }
}

package import Crystals

/// What a policy may draw: its distribution is restricted to that and normalised anew.
///
/// The sampler and the likelihood take the same value, so that a log-probability is that of the distribution that was
/// sampled. What is not allowed has probability 0.
package struct Constraint: Sendable, Hashable {
    /// The elements to choose from; nil for all 118.
    package let elements: Set<Element>?
    /// For each atomic number whether it is allowed, 0 (padding) never; nil if all are.
    let allowedAtoms: [Bool]?

    private static let largestAtomicNumber = 118

    /// Nothing is forbidden.
    package static let none = Constraint()

    package init(elements: Set<Element>? = nil) {
        self.elements = elements
        allowedAtoms = elements.map { elements in
            var allowed = [Bool](repeating: false, count: 1 + Self.largestAtomicNumber)
            for element in elements { allowed[element.atomicNumber] = true }
            return allowed
        }
    }

    /// What is wrong with it; empty if nothing is.
    package var problems: [String] {
        elements?.isEmpty == true ? ["the list of elements is empty: nothing can be drawn"] : []
    }

    /// Whether an element may be drawn.
    package func allows(atomicNumber: Int) -> Bool { allowedAtoms?[atomicNumber] ?? true }
}

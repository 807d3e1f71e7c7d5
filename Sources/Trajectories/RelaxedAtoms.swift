package import Crystals

/// Where a relaxation ended, atom by atom, for evaluations.
package struct RelaxedAtoms: Sendable, Hashable {
    package var structure: Structure
    /// Why it ended: `converged`, `steps`, ...
    package var end: String

    package init(structure: Structure, end: String) {
        self.structure = structure
        self.end = end
    }
}

/// An engine that a reward worker was started with, as far as its energies depend on how it was started.
package struct BroughtEngine: Sendable, Hashable {
    /// The name by which runs ask for it, such as "mace-mp-0".
    package var name: String
    /// What its energies are, such as "raw-pbe".
    package var convention: String

    package init(name: String, convention: String) {
        self.name = name
        self.convention = convention
    }
}

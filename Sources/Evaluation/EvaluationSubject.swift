package import Crystals
package import Policy

/// A crystal to evaluate: one that a policy drew, or one made elsewhere.
package struct EvaluationSubject: Sendable {
    package enum Form: Sendable {
        case drawn(Sample)
        case crystal(Crystal)
        case structure(Structure)
        /// An input that holds no structure; the text tells why.
        case unreadable(String)
    }

    package var id: String
    package var form: Form

    package init(id: String, form: Form) {
        self.id = id
        self.form = form
    }

    /// The crystal with its sites; nil for bare atoms.
    var crystal: Crystal? {
        switch form {
        case .drawn(let sample): sample.crystal
        case .crystal(let crystal): crystal
        case .structure, .unreadable: nil
        }
    }
}

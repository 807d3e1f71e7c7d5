/// What a crystal is worth to training.
package struct Verdict: Sendable, Hashable {
    /// What training sees; nil: the crystal abstains and is in neither mean nor variance nor gradient.
    package var reward: Double?
    /// Why it abstains or has the floor, a stable code such as `sparse_hull`; nil where its terms decided.
    package var reason: String?
    /// The value of each term that it has, by the term's name, before weights and normalisation.
    package var terms: [String: Double]
    /// The numbers that the terms are of, by the term's name, as far as the crystal has them.
    package var numbers: [String: Double] = [:]

    package init(reward: Double?, reason: String? = nil, terms: [String: Double] = [:]) {
        self.reward = reward
        self.reason = reason
        self.terms = terms
    }
}

internal import Base

/// How crystals are measured, as the hub sees it: a text for reward workers, under a digest.
package struct MeasuringRecipe: Sendable, Hashable {
    /// What it is called: a judge's name, with which its quantities begin; empty for the recipe that decides whether a
    /// crystal is valid and what it is worth.
    package let name: String
    /// What reward workers are told at login: one line of JSON.
    package let settings: String
    /// The engine that reward workers must bring, such as "external mace-mp-0"; nil: every one has it.
    package let broughtEngine: String?
    /// Names it in heartbeats and tasks.
    let digest: Digest

    package init(name: String = "", settings: String, broughtEngine: String? = nil) {
        self.name = name
        self.settings = settings
        self.broughtEngine = broughtEngine
        digest = Digest(of: settings.utf8)
    }
}

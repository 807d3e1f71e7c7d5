extension StepRecord {
    /// How the crystals of a batch relaxed.
    package struct Relaxation: Codable, Equatable, Sendable {
        /// The relaxed crystals.
        package var crystals = 0
        /// The share whose force and stress became as small as asked for.
        package var converged = 0.0
        /// Steps a crystal.
        package var steps = 0.0
        /// The mean fall of the energy, eV/atom.
        package var energy = 0.0
        /// The mean displacement of the atoms, Å.
        package var displacement = 0.0

        package init() {}

        /// Adds a crystal to the means.
        package mutating func add(converged: Bool, steps: Double, energy: Double, displacement: Double) {
            crystals += 1
            func mean(_ before: Double, _ value: Double) -> Double { before + (value - before) / Double(crystals) }
            self.converged = mean(self.converged, converged ? 1 : 0)
            self.steps = mean(self.steps, steps)
            self.energy = mean(self.energy, energy)
            self.displacement = mean(self.displacement, displacement)
        }

        enum CodingKeys: String, CodingKey {
            case crystals, converged, steps
            case energy = "energy_fall"
            case displacement = "rmsd"
        }
    }
}

extension Measurement.Quantity {
    /// What the archive calls the columns of a crystal, and what is made of them; no quantity may be called so.
    package static let archiveNames: Set<String> = [
        "version", "unit", "crystal_index", "space_group", "formula", "chemical_system", "site_count", "atom_count",
        "sites", "a", "b", "c", "alpha", "beta", "gamma", "logp_w", "logp_a", "logp_xyz", "logp_l", "reference_logp_w",
        "reference_logp_a", "reference_logp_xyz", "reference_logp_l", "outcome", "reason", "energy_per_atom",
        "e_above_hull", "reward", "seed", "policy_digest", "actor", "worker", "potential", "hull", "scoring_seconds",
        "created_at", "trained_at", "batch", "logp", "reference_logp", "novel",
    ]

    /// What exports call the fields of a crystal beside those; no quantity may be called so either.
    package static let exportNames: Set<String> = [
        "run", "geometry", "engine", "policy", "known", "evaluated_by", "relaxed_energy_per_atom",
        "relaxed_e_above_hull", "relaxed_formation_energy_per_atom", "relaxed_energy_correction",
        "relaxed_uncertainty", "relaxed_maximum_force", "relaxed_force_log_mean", "relaxed_stress_log_mean",
        "relaxed_force_stress_log_mean", "id", "material_id", "n_atoms", "energy", "free_energy", "forces", "stress",
        "cif", "evaluated", "lattice", "pbc",
    ]
}

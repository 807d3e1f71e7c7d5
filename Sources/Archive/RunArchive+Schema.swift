package import GRDB

extension RunArchive {
    /// The history of the tables. A migration that has shipped is never changed: a new one is added below it.
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(firstMigration) { connection in
            try connection.execute(sql: crystalsTable)
            try connection.execute(
                sql: """
                    CREATE TABLE versions (
                        version INTEGER PRIMARY KEY,
                        policy_digest TEXT NOT NULL,
                        created_at REAL NOT NULL,  -- s since 1970, UTC
                        record TEXT NOT NULL       -- the line of metrics.jsonl
                    )
                    """)
            try connection.execute(
                sql: "CREATE INDEX crystals_by_stability ON crystals (e_above_hull) WHERE outcome = 'scored'")
        }
        migrator.registerMigration("2 pending version") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE pending_version (  -- made, its checkpoint perhaps not there yet; one at most
                        version INTEGER PRIMARY KEY,
                        policy_digest TEXT NOT NULL,
                        record TEXT NOT NULL
                    )
                    """)
            // Never filled.
            try connection.execute(sql: "ALTER TABLE crystals DROP COLUMN sampling_seconds")
        }
        return migrator
    }

    /// Of every archive.
    package static let firstMigration = "1 crystals and versions"

    /// Comments in a table's text stay in the database and are shown by `.schema`.
    private static let crystalsTable = """
        CREATE TABLE crystals (
            version INTEGER NOT NULL,        -- of the policy that sampled it
            unit INTEGER NOT NULL,           -- the work unit of the version
            crystal_index INTEGER NOT NULL,  -- the place in the unit
            space_group INTEGER NOT NULL,    -- 1...230
            formula TEXT NOT NULL,           -- reduced
            chemical_system TEXT NOT NULL,   -- elements in alphabetical order, such as Ca-O-Ti
            site_count INTEGER NOT NULL,     -- symmetry-distinct sites
            atom_count INTEGER,              -- of the conventional cell
            sites TEXT NOT NULL,             -- JSON: [wyckoff, "symbol", x, y, z] for each site
            a REAL, b REAL, c REAL,          -- conventional cell, angstrom
            alpha REAL, beta REAL, gamma REAL,  -- degrees
            logp_w REAL, logp_a REAL, logp_xyz REAL, logp_l REAL,  -- under the sampling policy
            reference_logp_w REAL, reference_logp_a REAL, reference_logp_xyz REAL, reference_logp_l REAL,
            outcome TEXT NOT NULL CHECK (outcome IN ('scored', 'invalid', 'failed')),
            reason TEXT,                     -- why it is invalid or failed
            energy_per_atom REAL,            -- eV/atom
            e_above_hull REAL,               -- eV/atom
            reward REAL,
            seed INTEGER NOT NULL,           -- of the unit, as a signed 64-bit number
            policy_digest TEXT NOT NULL,
            actor TEXT NOT NULL,
            worker TEXT,
            potential TEXT NOT NULL,         -- name and digest
            hull TEXT NOT NULL,              -- digest
            sampling_seconds REAL,
            scoring_seconds REAL,
            created_at REAL NOT NULL,        -- s since 1970, UTC
            PRIMARY KEY (version, unit, crystal_index)
        )
        """
}

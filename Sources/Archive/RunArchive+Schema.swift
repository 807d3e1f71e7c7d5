internal import Foundation
package import GRDB

extension RunArchive {
    /// The history of the tables. A migration that has shipped is never changed, but for comments: a new one is added
    /// below it.
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
                        record /* the line of metrics.jsonl */ TEXT NOT NULL
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
        migrator.registerMigration("3 steps and measurements") { connection in
            try addSteps(to: connection)
            try addMeasurements(to: connection)
        }
        migrator.registerMigration("4 relaxed crystals") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE relaxed_crystals (
                        version INTEGER NOT NULL,        -- the crystal, as in `crystals`
                        unit INTEGER NOT NULL,
                        crystal_index INTEGER NOT NULL,
                        sites TEXT NOT NULL,             -- as in `crystals`, where the relaxation ended
                        a REAL, b REAL, c REAL,          -- conventional cell, angstrom
                        alpha REAL, beta REAL, gamma REAL,  -- degrees
                        PRIMARY KEY (version, unit, crystal_index)
                    ) WITHOUT ROWID
                    """)
        }
        migrator.registerMigration("5 batches") { connection in
            // Of a build without it every batch is of the version that its step began with.
            try connection.execute(
                sql: """
                    ALTER TABLE crystals ADD COLUMN batch /* the step whose batch it is in; null: none yet */ INTEGER;
                    UPDATE crystals SET batch = version WHERE version IN (SELECT step FROM versions);
                    """)
        }
        migrator.registerMigration("6 run") { connection in
            try connection.execute(sql: "CREATE TABLE run (id TEXT NOT NULL /* as in run.json; one row */)")
        }
        return migrator
    }

    /// A row of `versions` is a step's, and each crystal says which one trained on it.
    private static func addSteps(to connection: Database) throws {
        // Comments in front of the type stay in the table's text.
        try connection.execute(
            sql: """
                ALTER TABLE versions ADD COLUMN step /* that the record is of; it began with the version */ INTEGER;
                UPDATE versions SET step = version;
                ALTER TABLE crystals ADD COLUMN trained_at /* the step that trained on it; null: none did */ INTEGER;
                CREATE INDEX crystals_by_step ON crystals (trained_at) WHERE trained_at IS NOT NULL;
                """)
        let records = try String.fetchAll(connection, sql: "SELECT record FROM versions")
        for record in records { try markTrained(byRecord: record, in: connection) }
    }

    /// Notes what a step of an earlier build trained on, which did not note it itself: all crystals of its version that
    /// were scored or invalid. What it left out because the policy could not learn from it, the record counts but does
    /// not name; it is marked as well.
    static func markTrained(byRecord text: String, in connection: Database) throws {
        struct EarlierRecord: Decodable {
            var version: Int
            var scored: Int?
            var skipped: Int?
        }
        guard let record = try? JSONDecoder().decode(EarlierRecord.self, from: Data(text.utf8)),
            record.skipped ?? 0 == 0, record.scored ?? 0 > 0
        else { return }
        try connection.execute(
            sql: "UPDATE crystals SET trained_at = :step WHERE version = :step AND outcome <> 'failed'",
            arguments: ["step": record.version])
    }

    /// Every quantity measured of a crystal has a row, in the unit that belongs to its name.
    private static func addMeasurements(to connection: Database) throws {
        try connection.execute(
            sql: """
                CREATE TABLE measurements (
                    version INTEGER NOT NULL,        -- the crystal, as in `crystals`
                    unit INTEGER NOT NULL,
                    crystal_index INTEGER NOT NULL,
                    quantity TEXT NOT NULL,          -- such as energy_per_atom and e_above_hull, eV/atom
                    value REAL NOT NULL,             -- in the unit of the quantity
                    PRIMARY KEY (version, unit, crystal_index, quantity)
                ) WITHOUT ROWID;
                INSERT INTO measurements
                    SELECT version, unit, crystal_index, 'energy_per_atom', energy_per_atom FROM crystals
                    WHERE energy_per_atom IS NOT NULL
                    UNION ALL
                    SELECT version, unit, crystal_index, 'e_above_hull', e_above_hull FROM crystals
                    WHERE e_above_hull IS NOT NULL;
                """)
    }

    /// Of every archive.
    package static let firstMigration = "1 crystals and versions"

    /// Comments in a table's text stay in the database and are shown by `.schema`. That of the last column stands in
    /// front of the type: SQLite puts columns that are added later between a column and what follows it.
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
            reason TEXT,                     -- why it is invalid or failed, or what a guard took its reward for
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
            created_at /* s since 1970, UTC */ REAL NOT NULL,
            PRIMARY KEY (version, unit, crystal_index)
        )
        """
}

import Crystals
import GRDB
import Trajectories

/// Reads the columns of a row by name; one that is missing or of another type is an error.
struct RowReader {
    let row: Row

    func value<Value: DatabaseValueConvertible>(_ name: String) throws -> Value {
        guard let value: Value = try optional(name) else { throw ArchivedCrystal.RowError(reason: "it has no \(name)") }
        return value
    }

    func optional<Value: DatabaseValueConvertible>(_ name: String) throws -> Value? {
        guard let stored: DatabaseValue = row[name], !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw ArchivedCrystal.RowError(reason: "its \(name) is of another type")
        }
        return value
    }

    /// A number; NaN for NULL.
    func number(_ name: String) throws -> Double { try optional(name) ?? .nan }

    func crystalID() throws -> CrystalID {
        CrystalID(
            version: PolicyVersion(try value("version")), unit: try value("unit"), index: try value("crystal_index"))
    }

    /// The conventional cell; NaN for what is NULL.
    func lattice() throws -> LatticeParameters {
        LatticeParameters(
            a: try number("a"), b: try number("b"), c: try number("c"), alpha: try number("alpha"),
            beta: try number("beta"), gamma: try number("gamma"))
    }

    /// The quantities that have columns of their own.
    func measurement() throws -> Measurement {
        var values: [Measurement.Quantity: Double] = [:]
        for quantity in ArchivedCrystal.columnQuantities { values[quantity] = try optional(quantity.rawValue) }
        return Measurement(values)
    }

    func logProbabilities(_ prefix: String) throws -> LogProbabilities {
        LogProbabilities(
            w: try number("\(prefix)_w"), a: try number("\(prefix)_a"), xyz: try number("\(prefix)_xyz"),
            l: try number("\(prefix)_l"))
    }

    func lineage() throws -> ArchivedCrystal.Lineage {
        let seed: Int64 = try value("seed")
        return ArchivedCrystal.Lineage(
            seed: UInt64(bitPattern: seed), policyDigest: try value("policy_digest"), actor: try value("actor"),
            worker: try optional("worker"), potential: try value("potential"), hull: try value("hull"))
    }
}

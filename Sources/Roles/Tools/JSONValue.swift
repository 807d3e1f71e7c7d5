package import Crystals

/// A JSON value that keeps the order of its keys.
package indirect enum JSONValue: Sendable {
    case text(String)
    /// Written so that reading gives the same bits; a number that is not finite becomes null.
    case number(Double)
    case integer(Int)
    case flag(Bool)
    case list([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// The value in one line.
    package var line: String {
        switch self {
        case .text(let text): StructureWriter.jsonString(text)
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .integer(let integer): "\(integer)"
        case .flag(let flag): flag ? "true" : "false"
        case .list(let values): "[\(values.map(\.line).joined(separator: ","))]"
        case .object(let fields):
            "{\(fields.map { "\(StructureWriter.jsonString($0.key)):\($0.value.line)" }.joined(separator: ","))}"
        }
    }
}

/// The fields of an object in their order.
package typealias JSONFields = [(key: String, value: JSONValue)]

extension JSONValue {
    /// The sites of a crystal as `tokens`, `score` and `sample` write them.
    package static func sites(of crystal: Crystal) -> JSONValue {
        .list(
            crystal.sites.map { site in
                .object([
                    ("wyckoff", .text(WyckoffPosition.letter(index: site.wyckoff))),
                    ("element", .text(site.element.symbol)),
                    ("position", .list((0..<3).map { .number(site.position[$0]) })),
                    ("multiplicity", .integer(crystal.spaceGroup.position(wyckoff: site.wyckoff)?.multiplicity ?? 0)),
                ])
            })
    }

    /// A crystal: `space_group`, `lattice` (Å and degrees) and `sites`.
    package static func fields(of crystal: Crystal) -> JSONFields {
        [
            ("space_group", .integer(crystal.spaceGroup.number)),
            ("lattice", .list(crystal.lattice.values.map { .number($0) })),
            ("sites", sites(of: crystal)),
        ]
    }
}

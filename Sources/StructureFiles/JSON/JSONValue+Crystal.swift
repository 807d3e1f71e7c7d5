package import Base
package import Crystals

extension JSONValue {
    /// Three numbers.
    static func vector(_ vector: SIMD3<Double>) -> JSONValue {
        .list([.number(vector.x), .number(vector.y), .number(vector.z)])
    }

    /// The sites of a crystal as `tokens`, `score` and `sample` write them.
    package static func sites(of crystal: Crystal) -> JSONValue {
        .list(
            crystal.sites.map { site in
                .object([
                    ("wyckoff", .text(WyckoffPosition.letter(index: site.wyckoff))),
                    ("element", .text(site.element.symbol)),
                    ("position", vector(site.position)),
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

/// The alternatives among the atoms of a CIF, of which a crystal has one at a time.
struct CIFDisorder {
    private let assembly: Int?
    private let group: Int?
    /// The first group of each assembly, with its site.
    private var first: [String: (group: String, site: CIFContent.SitePlace)] = [:]

    init(_ loop: CIFDocument.Loop) {
        assembly = loop.column("_atom_site_disorder_assembly", "_atom_site.disorder_assembly")
        group = loop.column("_atom_site_disorder_group", "_atom_site.disorder_group")
    }

    /// Takes the next site.
    /// - Parameter text: of a column of its row; nil where nothing is given.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` where it and an earlier site exclude each other, or, in a
    ///   negative group, its images by symmetry do.
    mutating func add(
        _ site: CIFContent.SitePlace, _ text: (Int?) -> String?
    ) throws(StructureFileError) {
        guard let group = text(group), group != "0" else { return }
        guard !group.hasPrefix("-") else {
            throw .cif(.disorder, detail: "\(site) is of the disorder group \(group), which excludes its own images")
        }
        let assembly = text(assembly) ?? ""
        guard let known = first[assembly] else {
            first[assembly] = (group, site)
            return
        }
        guard known.group == group else {
            throw .cif(
                .disorder,
                detail: "\(known.site) is of the disorder group \(known.group) and \(site) of \(group), which exclude "
                    + "each other: leave the atoms of one group")
        }
    }
}

internal import Base

/// What the page of an evaluation shows of two numbers that a run is to bring high together: where crystals stand,
/// their fronts, and the best of them.
package struct AimSection {
    /// A crystal with both numbers.
    package struct Point {
        package var formula: String
        package var x: Double
        package var y: Double
        /// Stable and in the domain of the models.
        package var isSound: Bool

        package init(formula: String, x: Double, y: Double, isSound: Bool) {
            self.formula = formula
            self.x = x
            self.y = y
            self.isSound = isSound
        }
    }

    /// Crystals that belong together.
    package struct Group {
        package var title: String
        package var points: [Point]
        /// The places of those that no other one dominates.
        package var front: [Int]

        package init(title: String, points: [Point], front: [Int]) {
            self.title = title
            self.points = points
            self.front = front
        }
    }

    /// A row of the table.
    package struct Candidate {
        package var policy: String
        package var formula: String
        package var spaceGroup: Int?
        package var x: Double
        package var y: Double
        /// eV/atom
        package var height: Double?
        package var isNovel: Bool?
        package var isInDomain: Bool?

        package init(
            policy: String, formula: String, spaceGroup: Int?, x: Double, y: Double, height: Double?, isNovel: Bool?,
            isInDomain: Bool?
        ) {
            self.policy = policy
            self.formula = formula
            self.spaceGroup = spaceGroup
            self.x = x
            self.y = y
            self.height = height
            self.isNovel = isNovel
            self.isInDomain = isInDomain
        }

        var product: Double { x * y }
    }

    /// With units.
    package var horizontal: String
    package var vertical: String
    /// What the product of both is called.
    package var product: String
    /// One for each policy.
    package var groups: [Group]
    /// What the crystals to compare with are, and where they stand; of the points some are drawn.
    package var known: Group?
    /// In the order of the table.
    package var candidates: [Candidate]
    /// Of how the crystals are told.
    package var note: String

    package init(
        horizontal: String, vertical: String, product: String, groups: [Group], known: Group?,
        candidates: [Candidate], note: String
    ) {
        self.horizontal = horizontal
        self.vertical = vertical
        self.product = product
        self.groups = groups
        self.known = known
        self.candidates = candidates
        self.note = note
    }

    /// Up to so many rows.
    package static let mostCandidates = 25
    private static let mostKnownMarks = 1500

    /// - Parameter colour: of a group, in the style sheet.
    func html(colour: (Int) -> Int) -> String {
        var clouds: [ScatterPlot.Cloud] = []
        if let known {
            let stride = max(1, known.points.count / Self.mostKnownMarks)
            let marks = Swift.stride(from: 0, to: known.points.count, by: stride).map { mark(known.points[$0]) }
            clouds.append(
                .init(name: known.title, colour: 0, marks: marks, front: known.front.map { mark(known.points[$0]) }))
        }
        for (index, group) in groups.enumerated() {
            clouds.append(
                .init(
                    name: "\(group.title): \(HumanFormat.count(group.points.count)) crystals and their front",
                    colour: colour(index), marks: group.points.map(mark),
                    front: group.front.map { mark(group.points[$0]) }))
        }
        let plot = ScatterPlot(
            title: "\(HTMLText.capitalized(product)): \(horizontal) and \(vertical)", horizontal: horizontal,
            vertical: vertical, product: product, clouds: clouds,
            note: "Dotted: lines of equal \(product). Strong marks: crystals that are stable and that the models know "
                + "the like of. \(note)")
        return "<h2>\(HTMLText.escape(HTMLText.capitalized(product)))</h2>\n\(plot.figure())\(table)"
    }

    private func mark(_ point: Point) -> ScatterPlot.Mark {
        .init(
            x: point.x, y: point.y, isStrong: point.isSound,
            tip: "\(point.formula): \(HumanFormat.number(point.x)), \(HumanFormat.number(point.y)); \(product) "
                + HumanFormat.number(point.x * point.y))
    }

    private var table: String {
        guard !candidates.isEmpty else { return "" }
        func word(_ flag: Bool?) -> String { flag.map { $0 ? "yes" : "no" } ?? "-" }
        let rows = candidates.map { candidate in
            let cells = [
                HumanFormat.number(candidate.product), HumanFormat.number(candidate.x),
                HumanFormat.number(candidate.y),
                candidate.height.map { HumanFormat.fixed($0, decimals: 3) } ?? "-",
                candidate.spaceGroup.map { "\($0)" } ?? "-", word(candidate.isNovel), word(candidate.isInDomain),
                HTMLText.escape(candidate.policy),
            ]
            return "<tr><td>\(HTMLText.formula(candidate.formula))</td>"
                + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        let titles = [
            "formula", product, horizontal, vertical, "above the hull, eV/atom", "space group", "novel", "in domain",
            "policy",
        ]
        return "<h3 style=\"margin:18px 0 8px\">Best crystals, those at most "
            + "\(HumanFormat.trimmed(Self.lowHeight)) eV/atom above the hull first</h3><div class=\"card\"><table><tr>"
            + titles.map { "<th>\(HTMLText.escape($0))</th>" }.joined() + "</tr>\(rows.joined())</table></div>\n"
    }

    /// Candidates at most as high come first, eV/atom.
    package static let lowHeight = 0.1
}

extension HTMLText {
    /// With a capital letter, and spaces for underscores.
    static func capitalized(_ name: String) -> String {
        let text = name.replacing("_", with: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}

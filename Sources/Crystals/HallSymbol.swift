/// A space group by its Hall symbol, such as "-P 2ybc", "F 4d 2 3 -1d" or "C 2y (x,y,-x+z)".
///
/// The grammar is that of the International Tables B, 1.4, appendix A1.4.2: a lattice, up to four generators, and a
/// change of origin (in twelfths) or of basis in parentheses.
package struct HallSymbol {
    /// All operations, those of the centring included, the identity first.
    package let operations: [AffineOperation]

    /// What a symbol may mean: one reading by the grammar; without blanks ("-P2ybc") the settings of spglib's list
    /// whose symbols have these letters, which for "P32" and "P62" are two. Empty if there is none.
    package static func readings(_ text: String) -> [(symbol: String, operations: [AffineOperation])] {
        let words = text.split { $0.isWhitespace || $0 == "_" }
        if words.count == 1 {
            var found: [(symbol: String, operations: [AffineOperation])] = []
            for setting in SpaceGroupSetting.byBareHallSymbol[bare(text)] ?? []
            where !found.contains(where: { $0.symbol == setting.hallSymbol }) {
                found.append((setting.hallSymbol, setting.operations))
            }
            if !found.isEmpty { return found }
        }
        return HallSymbol(words.joined(separator: " ")).map { [(text, $0.operations)] } ?? []
    }

    /// A symbol without blanks, in lower case, its double primes written in one way.
    static func bare(_ text: String) -> String {
        text.replacing("''", with: "\"").replacing("=", with: "\"")
            .filter { !$0.isWhitespace && $0 != "_" }.lowercased()
    }

    /// Reads a symbol; nil if it breaks the grammar or generates no finite group of the crystallographic kind.
    package init?(_ text: String) {
        var symbol = text.replacing("_", with: " ").replacing("''", with: "\"").replacing("=", with: "\"")
        var change: AffineOperation?
        if let open = symbol.firstIndex(of: "(") {
            guard let parsed = HallSymbol.change(symbol[open...]) else { return nil }
            change = parsed
            symbol = String(symbol[..<open])
        }
        guard var generators = HallSymbol.generators(symbol) else { return nil }
        if let change {
            guard let inverse = change.inverse else { return nil }
            generators = generators.map { change.product($0.product(inverse)) }
            // A centring may split into more translations, or lattice translations become centring ones.
            for axis in [SIMD3(1.0, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)] {
                generators.append(AffineOperation.identity.shifted(by: change.rotate(axis)))
            }
        }
        guard let operations = AffineOperation.group(generatedBy: generators) else { return nil }
        self.operations = operations
    }

    private static func change(_ text: Substring) -> AffineOperation? {
        guard text.last == ")" else { return nil }
        let inner = text.dropFirst().dropLast()
        if inner.contains(",") { return AffineOperation(triplet: String(inner)) }
        let parts = inner.split(separator: " ").compactMap { Int($0) }
        guard parts.count == 3, inner.split(separator: " ").count == 3 else { return nil }
        let shift = SIMD3(Double(parts[0]), Double(parts[1]), Double(parts[2])) / 12
        return AffineOperation(columns: AffineOperation.identity.columns, translation: shift)
    }

    private static func generators(_ symbol: String) -> [AffineOperation]? {
        var text = Substring(symbol).drop { $0 == " " }
        var generators: [AffineOperation] = []
        if text.first == "-" {
            generators.append(inversion)
            text = text.dropFirst().drop { $0 == " " }
        }
        guard let lattice = text.popFirst(), let centring = translations(lattice) else { return nil }
        generators += centring.map { AffineOperation.identity.shifted(by: $0) }
        var previous: Generator?
        let words = text.split(separator: " ")
        guard (1...4).contains(words.count) else { return nil }
        for word in words {
            guard let generator = Generator(word, after: previous) else { return nil }
            generators.append(generator.operation)
            previous = generator
        }
        return generators
    }

    private static let inversion = AffineOperation(
        columns: (SIMD3(-1, 0, 0), SIMD3(0, -1, 0), SIMD3(0, 0, -1)), translation: .zero)

    private static func translations(_ lattice: Character) -> [SIMD3<Double>]? {
        switch lattice.uppercased() {
        case "P": []
        case "A": [SIMD3(0, 0.5, 0.5)]
        case "B": [SIMD3(0.5, 0, 0.5)]
        case "C": [SIMD3(0.5, 0.5, 0)]
        case "I": [SIMD3(0.5, 0.5, 0.5)]
        case "F": [SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5)]
        case "R": [SIMD3(2, 1, 1) / 3]
        case "S": [SIMD3(1, 1, 2) / 3]
        case "T": [SIMD3(1, 2, 1) / 3]
        case "H": [SIMD3(2, 1, 0) / 3]
        default: nil
        }
    }
}

extension HallSymbol {
    /// One generator of a Hall symbol, such as "2yb" or "-4n".
    private struct Generator {
        let order: Int
        /// "x", "y", "z", "'", "\"" or "*".
        let axis: Character
        /// The axis that primes refer to.
        let reference: Character
        let operation: AffineOperation

        init?(_ word: Substring, after previous: Generator?) {
            var text = word
            let isImproper = text.first == "-"
            if isImproper { text = text.dropFirst() }
            guard let order = text.popFirst()?.wholeNumberValue, [1, 2, 3, 4, 6].contains(order) else { return nil }
            var axis: Character?
            var shift = SIMD3<Double>.zero
            var screw: Int?
            while let letter = text.popFirst() {
                switch letter.lowercased() {
                case "x", "y", "z", "'", "\"", "*":
                    // "x'" names the axis that the prime refers to.
                    if let first = axis, "xyz".contains(first), letter == "'" || letter == "\"" {
                        self.init(order: order, axis: letter, reference: first, isImproper: isImproper, rest: text)
                        return
                    }
                    guard axis == nil else { return nil }
                    axis = Character(letter.lowercased())
                case "a": shift.x += 0.5
                case "b": shift.y += 0.5
                case "c": shift.z += 0.5
                case "n": shift += 0.5
                case "u": shift.x += 0.25
                case "v": shift.y += 0.25
                case "w": shift.z += 0.25
                case "d": shift += 0.25
                default:
                    guard screw == nil, let digit = letter.wholeNumberValue, (1..<order).contains(digit) else {
                        return nil
                    }
                    screw = digit
                }
            }
            let implied: Character =
                switch (previous?.order, order) {
                case (nil, _), (_, 1): "z"
                case (2, 2), (4, 2): "x"
                case (3, 2), (6, 2): "'"
                case (_, 3): "*"
                default: "z"
                }
            let reference = previous.map { "xyz".contains($0.axis) ? $0.axis : $0.reference } ?? "z"
            self.init(
                order: order, axis: axis ?? implied, reference: reference, isImproper: isImproper, shift: shift,
                screw: screw)
        }

        private init?(order: Int, axis: Character, reference: Character, isImproper: Bool, rest: Substring) {
            // The letters behind a prime, as for any other axis.
            guard let plain = Generator("\(order)\(axis)\(rest)", after: nil) else { return nil }
            self.init(
                order: order, axis: axis, reference: reference, isImproper: isImproper,
                shift: plain.operation.translation, screw: nil)
        }

        private init?(
            order: Int, axis: Character, reference: Character, isImproper: Bool, shift: SIMD3<Double>, screw: Int?
        ) {
            guard let triplet = Generator.triplet(order: order, axis: axis, reference: reference),
                let rotation = AffineOperation(triplet: triplet)
            else { return nil }
            var translation = shift
            if let screw {
                guard let index = ["x", "y", "z"].firstIndex(of: String(axis)) else { return nil }
                translation[index] += Double(screw) / Double(order)
            }
            let sign = isImproper ? -1.0 : 1
            self.order = order
            self.axis = axis
            self.reference = reference
            let columns = rotation.columns
            operation = AffineOperation(
                columns: (sign * columns.0, sign * columns.1, sign * columns.2), translation: wrapped(translation))
        }

        /// The rotation; tables A1.4.2.4 to A1.4.2.6.
        private static func triplet(order: Int, axis: Character, reference: Character) -> String? {
            switch (order, axis) {
            case (1, _): "x,y,z"
            case (2, "x"): "x,-y,-z"
            case (2, "y"): "-x,y,-z"
            case (2, "z"): "-x,-y,z"
            case (2, "'"): ["x": "-x,-z,-y", "y": "-z,-y,-x", "z": "-y,-x,-z"][reference]
            case (2, "\""): ["x": "-x,z,y", "y": "z,-y,x", "z": "y,x,-z"][reference]
            case (3, "x"): "x,-z,y-z"
            case (3, "y"): "-x+z,y,-x"
            case (3, "z"): "-y,x-y,z"
            case (3, "*"): "z,x,y"
            case (4, "x"): "x,-z,y"
            case (4, "y"): "z,y,-x"
            case (4, "z"): "-y,x,z"
            case (6, "x"): "x,y-z,y"
            case (6, "y"): "z,y,-x+z"
            case (6, "z"): "x-y,x,z"
            default: nil
            }
        }
    }
}

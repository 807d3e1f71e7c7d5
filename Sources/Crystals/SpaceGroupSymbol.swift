/// A Hermann-Mauguin symbol as files write it: short or full, old or new, with or without blanks, with a suffix for
/// axes or origin.
package struct SpaceGroupSymbol {
    /// A setting that the symbol names.
    package struct Match {
        package let setting: SpaceGroupSetting
        /// 0 for the setting that the symbol means by convention; more for others that go by the same symbol.
        package let rank: Int

        package init(setting: SpaceGroupSetting, rank: Int) {
            self.setting = setting
            self.rank = rank
        }
    }

    /// The settings that the symbol may name; empty for a symbol that is none.
    package let matches: [Match]

    /// - Parameter text: such as "P 21/n", "P2_1/n", "P 1 21/n 1", "C m c a", "F d -3 m :2", "Fd-3mZ", "R -3 m H".
    package init(_ text: String) {
        if let (symbol, number) = SpaceGroupSymbol.numbered(text) {
            let meant = SpaceGroupSymbol(symbol).matches.filter { $0.setting.spaceGroup.number == number }
            if !meant.isEmpty {
                matches = meant
                return
            }
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let base = SpaceGroupSymbol.normalized(parts.first.map(String.init) ?? "")
        if parts.count > 1 {
            matches = SpaceGroupSymbol.matches(base, suffix: SpaceGroupSymbol.normalized(String(parts[1])))
            return
        }
        let plain = SpaceGroupSymbol.matches(base)
        if !plain.isEmpty {
            matches = plain
            return
        }
        for suffix in SpaceGroupSymbol.suffixes
        where base.hasSuffix(suffix.written) && base.count > suffix.written.count {
            let found = SpaceGroupSymbol.matches(String(base.dropLast(suffix.written.count)), suffix: suffix.meaning)
            if !found.isEmpty {
                matches = found
                return
            }
        }
        matches = []
    }

    /// Suffixes without a colon; S and Z are the ICSD's for origin choice 1 and 2.
    private static let suffixes: [(written: String, meaning: String)] = [
        ("originchoice1", "1"), ("originchoice2", "2"), ("origin1", "1"), ("origin2", "2"), ("setting1", "1"),
        ("setting2", "2"), ("o1", "1"), ("o2", "2"), ("hexagonalaxes", "h"), ("rhombohedralaxes", "r"),
        ("hexagonalsetting", "h"), ("rhombohedralsetting", "r"), ("hexagonal", "h"), ("rhombohedral", "r"),
        ("hr", "h"), ("rs", "r"), ("s", "s"), ("z", "z"), ("h", "h"), ("r", "r"), ("1", "1"), ("2", "2"),
    ]

    /// A symbol and the number behind it: "Fm-3m (225)", "P 21/c #14", "P n m a, No. 62"; nil without one.
    private static func numbered(_ text: String) -> (symbol: String, number: Int)? {
        var rest = Substring(text)
        func dropLast(_ characters: String) {
            while let last = rest.last, characters.contains(last) { rest.removeLast() }
        }
        dropLast(") ")
        let digits = String(rest.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
        guard let number = Int(digits), (1...230).contains(number) else { return nil }
        rest.removeLast(digits.count)
        let length = rest.count
        dropLast(" .:")
        if rest.lowercased().hasSuffix("no") { rest.removeLast(2) }
        dropLast(" #([,")
        // "P 21" is no P with the number 21: something must set the number apart.
        let mark = text.dropLast(text.count - length).dropFirst(rest.count)
        guard mark.contains(where: { "#(,nN".contains($0) }) else { return nil }
        return (String(rest), number)
    }

    private static func matches(_ base: String, suffix: String? = nil) -> [Match] {
        var base = base
        var suffix = suffix
        // "H 3", "H -3 m": R on hexagonal axes, as the Protein Data Bank writes it.
        if base.first == "h", base.dropFirst().first == "3" || base.dropFirst().first == "-" {
            base = "r" + base.dropFirst()
            suffix = suffix ?? "h"
        }
        let named = names[base] ?? []
        guard let suffix, !suffix.isEmpty else { return named }
        // "C c c e :2" is the standard setting, though that of other axes has the same symbol and origin.
        return named.filter { isMeant($0.setting, by: suffix) }.map {
            let isExact = $0.setting.choice.count < 2 || $0.setting.choice.lowercased() == suffix
            return Match(setting: $0.setting, rank: isExact ? 0 : 1)
        }
    }

    /// Whether a suffix, or a code of the coordinate system, is that of a setting.
    package static func isMeant(_ setting: SpaceGroupSetting, by suffix: String) -> Bool {
        let choice = setting.choice.lowercased()
        let digit = choice.first.map(String.init) ?? ""
        let isDigit = digit == "1" || digit == "2"
        switch suffix {
        case "s", "z":
            if isDigit { return digit == (suffix == "s" ? "1" : "2") }
            // One origin: Z says that it is a centre of symmetry.
            return suffix == "z" && setting.operations.contains { $0.isInversion }
        case "1", "2": return digit == suffix
        case "abc": return setting.axes.isEmpty
        case "1abc", "2abc": return choice == suffix.prefix(1)
        default: return choice == suffix || isDigit && setting.axes == suffix
        }
    }

    /// Without blanks, underscores and the like, in lower case, bars as "-".
    package static func normalized(_ symbol: String) -> String {
        var text = ""
        var previous: Unicode.Scalar?
        for scalar in symbol.unicodeScalars {
            switch scalar.value {
            case 0x0304, 0x0305:  // A bar over the digit before it.
                if let digit = previous, text.unicodeScalars.last == digit {
                    text.unicodeScalars.removeLast()
                    text += "-"
                    text.unicodeScalars.append(digit)
                }
            case 0x2010...0x2015, 0x2212: text += "-"
            case 0x2080...0x2089: text += "\(scalar.value - 0x2080)"
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2F: text.unicodeScalars.append(scalar)
            default: continue
            }
            previous = text.unicodeScalars.last
        }
        return text.lowercased().replacing("overline", with: "-").replacing("bar", with: "-")
    }
}

extension SpaceGroupSymbol {
    /// The settings by their names in normal form.
    private static let names: [String: [Match]] = {
        var names: [String: [Match]] = [:]
        for setting in SpaceGroupSetting.all {
            for (name, rank) in forms(of: setting) {
                let key = normalized(name)
                guard !(names[key] ?? []).contains(where: { $0.setting.hallNumber == setting.hallNumber }) else {
                    continue
                }
                names[key, default: []].append(Match(setting: setting, rank: rank))
            }
        }
        return names
    }()

    /// All names of a setting, the definite ones first.
    private static func forms(of setting: SpaceGroupSetting) -> [(name: String, rank: Int)] {
        var forms = [(setting.symbol, 0), (setting.fullSymbol, 0)]
        let number = setting.spaceGroup.number
        if (3...15).contains(number) {
            // The short form leaves the 1s out: by convention the unique axis is b, formerly c.
            let words = setting.symbol.split(separator: " ")
            let axis = words.indices.dropFirst().first { words[$0] != "1" } ?? 2
            let short = words.enumerated().filter { $0.offset == 0 || $0.element != "1" }.map(\.element)
            forms.append((short.joined(separator: " "), [1: 2, 2: 0, 3: 1][axis] ?? 0))
        }
        for (name, rank) in forms where name.contains("e") {
            forms += glides(of: setting).map { (name.replacing("e", with: $0), rank) }
        }
        // Before 1992 the threefold axis of m-3 and m-3m had no bar.
        if number >= 200 {
            for (name, rank) in forms where name.contains("-3") {
                forms.append((name.replacing("-3", with: "3"), rank))
            }
        }
        return forms
    }

    /// The letters that stood where a symbol has e since 1992.
    private static func glides(of setting: SpaceGroupSetting) -> [String] {
        switch setting.spaceGroup.number {
        case 67, 68:
            // The letter tells two origins apart that share the symbol: a glide along the former a axis.
            let letters = setting.axes.filter { $0 != "-" }
            let index = letters.firstIndex(of: "a").map { letters.distance(from: letters.startIndex, to: $0) } ?? 0
            return [["a", "b", "c"][min(index, 2)]]
        default:
            let centring = setting.symbol.prefix(1).lowercased()
            return ["a", "b", "c"].filter { $0 != centring }
        }
    }
}

extension AffineOperation {
    /// Whether this is the inversion at the origin.
    var isInversion: Bool {
        columns.0 == SIMD3(-1, 0, 0) && columns.1 == SIMD3(0, -1, 0) && columns.2 == SIMD3(0, 0, -1)
            && translation == .zero
    }
}

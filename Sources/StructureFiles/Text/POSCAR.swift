import Base
import Crystals

/// The input file of VASP.
///
/// ```
/// rock salt                    a comment
/// 5.64                         one scale, or three; negative: the volume
/// 0.0 0.5 0.5                  three vectors
/// 0.5 0.0 0.5
/// 0.5 0.5 0.0
/// Na Cl                        the elements (VASP 4 leaves them out: then the comment or the atoms name them)
/// 1 1                          how many of each
/// Selective dynamics           may be left out
/// Direct                       or Cartesian
/// 0.0 0.0 0.0 T T F            an atom a line
/// 0.5 0.5 0.5 T T F
/// ```
/// Behind the numbers of a line, and behind "!" or "#", comments may stand; what follows the atoms, such as
/// velocities, is left out, but for another structure.
struct POSCAR {
    private var lines: ArraySlice<[String]>
    private let total: Int

    /// Reads one structure.
    /// - Throws: ``StructureFileError``: malformed, with the line; atoms on one site.
    static func read(_ bytes: [UInt8]) throws(StructureFileError) -> Structure {
        var reader = POSCAR(bytes)
        let structure = try reader.structure()
        try reader.requireNoOther()
        return structure
    }

    private init(_ bytes: [UInt8]) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = String(decoding: bytes.starts(with: mark) ? bytes[3...] : bytes[...], as: UTF8.self)
        // "\r\n" is one character; each of the three line ends counts once.
        let all = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        total = all.count
        lines = all.map { words($0.utf8) }[...]
    }

    /// - Parameter line: from 1; nil for the one read last.
    private func error(_ reason: String, line: Int? = nil) -> StructureFileError {
        .malformed(format: "POSCAR", line: line ?? total - lines.count, reason: reason)
    }

    /// The words of the next line as they stand.
    private mutating func next(_ what: String) throws(StructureFileError) -> [String] {
        guard let line = lines.popFirst() else { throw error("the file ends before \(what)") }
        return line
    }

    /// The words of the next line up to a comment.
    private mutating func content(_ what: String) throws(StructureFileError) -> [String] {
        var content: [String] = []
        for word in try next(what) {
            let kept = word.prefix { $0 != "!" && $0 != "#" }
            if !kept.isEmpty { content.append(String(kept)) }
            if kept.count < word.count { break }
        }
        return content
    }

    private func numbers(_ words: some Collection<String>, _ what: String) throws(StructureFileError) -> SIMD3<Double> {
        // Fortran reads commas as blanks.
        let values = words.prefix(3).compactMap { word in
            parseDecimal(word.utf8.last == UInt8(ascii: ",") ? word.utf8.dropLast() : word.utf8[...])
        }
        guard values.count == 3 else { throw error("expected three numbers for \(what)") }
        return SIMD3(values)
    }

    private mutating func structure() throws(StructureFileError) -> Structure {
        let comment = try next("the comment")
        let (cell, scale) = try scaledCell()
        let elements = try elements(comment: comment)
        let places = try coordinates(of: elements, cell: cell, scale: scale)
        let labels = places.indices.map { "atom \($0 + 1) (\(elements[$0].symbol), line \(places[$0].line))" }
        let structure = Structure(
            cell: cell, elements: elements, fractionalCoordinates: places.map(\.point), labels: labels)
        try structure.requireSeparateAtoms(format: "POSCAR", line: nil)
        return structure
    }

    /// Refuses a file in which another structure follows: reading the first alone would lose it in silence.
    private func requireNoOther() throws(StructureFileError) {
        let rest = lines.drop { $0.isEmpty }
        guard let next = rest.first else { return }
        var other = self
        other.lines = rest
        let isFrame = next[0].lowercased() == "direct" && next.dropFirst().first?.hasPrefix("configuration") == true
        guard isFrame || (try? other.structure()) != nil else { return }
        throw .malformed(
            format: "POSCAR", line: total - rest.count + 1,
            reason: isFrame
                ? "a second configuration begins here, as in an XDATCAR: write them as .extxyz, or each in a file of "
                    + "its own"
                : "a second structure begins here: write each in a file of its own, or all as .extxyz")
    }

    private mutating func scaledCell() throws(StructureFileError) -> (cell: Cell, scale: SIMD3<Double>) {
        // Words behind the numbers are a comment, marked or not.
        let words = try content("the scale").prefix { parseDecimal($0.utf8) != nil }
        let scales = words.compactMap { parseDecimal($0.utf8) }
        guard scales.count == 1 || scales.count == 3 else {
            throw error("expected the scale, one number or three; there are \(scales.count)")
        }
        var vectors: [SIMD3<Double>] = []
        for name in ["a", "b", "c"] {
            vectors.append(try numbers(try content("vector \(name)"), "vector \(name)"))
        }
        let cell = Cell(a: vectors[0], b: vectors[1], c: vectors[2])
        guard cell.volume > 1e-9, cell.volume.isFinite else { throw error("the cell has no volume") }
        var scale = scales.count == 3 ? SIMD3(scales) : SIMD3(repeating: scales[0])
        if scales.count == 1, scales[0] < 0 {
            // A negative scale is the volume.
            scale = SIMD3(repeating: (-scales[0] / cell.volume).cubeRoot)
        }
        guard scale.min() > 0 else { throw error("the scale must not be zero, and of three none negative") }
        return (Cell(a: cell.a * scale, b: cell.b * scale, c: cell.c * scale), scale)
    }

    private mutating func elements(comment: [String]) throws(StructureFileError) -> [Element] {
        var line = try content("the elements")
        var symbols: [String]?
        let symbolLine = total - lines.count
        if let word = line.first, Int(word) == nil {
            symbols = line
            line = try content("the numbers of atoms")
        }
        let counts = line.prefix { Int($0) != nil }.compactMap { Int($0) }
        guard !counts.isEmpty, counts.allSatisfy({ $0 >= 0 && $0 <= StructureReader.maximumAtomCount }) else {
            throw error("expected the numbers of atoms")
        }
        let atomCount = counts.reduce(0, +)
        guard atomCount > 0 else { throw .crystal(.noAtoms) }
        guard atomCount <= StructureReader.maximumAtomCount else {
            throw error("\(atomCount) atoms are more than \(StructureReader.maximumAtomCount)")
        }
        let kinds: [Element]
        if let symbols {
            kinds = try named(symbols, line: symbolLine, counts: counts)
        } else if let found = POSCAR.elements(inComment: comment, counts: counts) ?? elements(atAtoms: counts) {
            kinds = found
        } else {
            throw error(
                "the elements are not named: put a line such as \"Na Cl\" before the numbers of atoms "
                    + "(the comment names them only where it is nothing but the elements in their order, the atoms "
                    + "where each has its element behind it)")
        }
        return zip(kinds, counts).flatMap { [Element](repeating: $0, count: $1) }
    }

    private func named(_ symbols: [String], line: Int, counts: [Int]) throws(StructureFileError) -> [Element] {
        var kinds: [Element] = []
        for symbol in symbols {
            // Potentials are often named along: Fe_pv, Fe/0a1b.
            let name = symbol.prefix { $0 != "_" && $0 != "/" }
            // Behind as many elements as there are numbers an unmarked comment may stand.
            let isNeeded = kinds.count < counts.count
            guard let element = Element(species: name, ignoringCase: isNeeded) else {
                guard isNeeded else { return kinds }
                throw error("no such element: \"\(symbol)\"", line: line)
            }
            kinds.append(element)
        }
        guard kinds.count == counts.count else {
            throw error("\(kinds.count) elements, but \(counts.count) numbers of atoms")
        }
        return kinds
    }

    /// The elements of a comment that holds nothing else, such as "Na Cl" or "Na4 Cl4" over "4 4".
    private static func elements(inComment comment: [String], counts: [Int]) -> [Element]? {
        guard comment.count == counts.count else { return nil }
        var elements: [Element] = []
        for (word, count) in zip(comment, counts) {
            let letters = word.prefix { $0.isLetter }
            let digits = word.dropFirst(letters.count)
            guard let element = Element(symbol: String(letters)), digits.isEmpty || Int(digits) == count else {
                return nil
            }
            elements.append(element)
        }
        return elements
    }

    /// The elements that stand behind the coordinates of every atom, one for each of the numbers; nil if they do not.
    private func elements(atAtoms counts: [Int]) -> [Element]? {
        var rest = lines
        guard let mode = rest.popFirst() else { return nil }
        let isSelective = mode.first?.first.map { "sS".contains($0) } ?? false
        if isSelective { rest = rest.dropFirst() }
        var kinds: [Element] = []
        for count in counts {
            var kind: Element?
            for _ in 0..<count {
                guard let words = rest.popFirst()?.dropFirst(isSelective ? 6 : 3), let name = words.first,
                    !["T", "F"].contains(words.dropFirst().first), name != "T",
                    let element = Element(species: name), kind == nil || kind == element
                else { return nil }
                kind = element
            }
            // Of none there is no need to know.
            guard let kind = kind ?? Element(atomicNumber: 1) else { return nil }
            kinds.append(kind)
        }
        return kinds
    }

    private mutating func coordinates(
        of elements: [Element], cell: Cell, scale: SIMD3<Double>
    ) throws(StructureFileError) -> [(point: SIMD3<Double>, line: Int)] {
        var mode = try content("the kind of coordinates")
        let isSelective = mode.first?.first.map { "sS".contains($0) } ?? false
        if isSelective { mode = try content("the kind of coordinates") }
        guard let letter = mode.first?.first, letter.isLetter else {
            throw error("expected the kind of coordinates, Direct or Cartesian")
        }
        guard "cCkKdDfF".contains(letter) else {
            throw error("the kind of coordinates is \"\(mode[0])\"; it must be Direct or Cartesian")
        }
        let isCartesian = "cCkK".contains(letter)
        var places: [(point: SIMD3<Double>, line: Int)] = []
        places.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let words = try content("atom \(index + 1)")
            let point = try numbers(words, "atom \(index + 1)")
            let name = words.dropFirst(isSelective ? 6 : 3).first
            if let name, name != "T", name != "F", let other = Element(symbol: name), other != element {
                throw error("atom \(index + 1) is \(element.symbol) by the numbers of atoms, but its line says \(name)")
            }
            places.append((isCartesian ? cell.fractional(point * scale) : point, total - lines.count))
        }
        return places
    }
}

extension Double {
    /// The real cube root.
    fileprivate var cubeRoot: Double {
        guard self > 0 else { return 0 }
        var root = Double(sign: .plus, exponent: exponent / 3, significand: 1)
        for _ in 0..<60 { root -= (root - self / (root * root)) / 3 }
        return root
    }
}

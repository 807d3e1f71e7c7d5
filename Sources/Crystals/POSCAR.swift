/// The input file of VASP.
enum POSCAR {
    /// Reads one structure.
    /// - Throws: ``StructureFileError/malformed(format:line:reason:)``.
    static func read(_ bytes: [UInt8]) throws(StructureFileError) -> Structure {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            words(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }[...]
        let total = lines.count
        func error(_ reason: String) -> StructureFileError {
            .malformed(format: "POSCAR", line: total - lines.count, reason: reason)
        }
        func next(_ what: String) throws(StructureFileError) -> [String] {
            guard let line = lines.popFirst() else { throw error("the file ends before \(what)") }
            return line
        }
        func numbers(_ words: some Collection<String>, count: Int, _ what: String) throws(StructureFileError)
            -> [Double]
        {
            let values = words.prefix(count).compactMap { parseDecimal($0.utf8) }
            guard values.count == count else { throw error("expected \(count) numbers for \(what)") }
            return values
        }

        let comment = try next("the comment")
        let scaleWords = try next("the scale")
        let scales = try numbers(scaleWords, count: scaleWords.count >= 3 ? 3 : 1, "the scale")
        var vectors: [SIMD3<Double>] = []
        for name in ["a", "b", "c"] {
            vectors.append(SIMD3(try numbers(try next("vector \(name)"), count: 3, "vector \(name)")))
        }
        var cell = Cell(a: vectors[0], b: vectors[1], c: vectors[2])
        guard cell.volume > 1e-9, cell.volume.isFinite else { throw error("the cell has no volume") }
        var scale = scales.count == 3 ? SIMD3(scales) : SIMD3(repeating: scales[0])
        if scales.count == 1, scales[0] < 0 {
            // A negative scale is the volume.
            scale = SIMD3(repeating: (-scales[0] / cell.volume).cubeRoot)
        }
        guard scale.min() > 0 else { throw error("the scale must not be zero") }
        cell = Cell(a: cell.a * scale, b: cell.b * scale, c: cell.c * scale)

        var line = try next("the elements")
        var symbols = comment
        if let word = line.first, Int(word) == nil {
            symbols = line
            line = try next("the numbers of atoms")
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
        guard symbols.count >= counts.count else { throw error("the elements are not named") }
        var elements: [Element] = []
        for (symbol, count) in zip(symbols, counts) {
            // Potentials are often named along: Fe_pv, Fe/0a1b.
            let name = symbol.prefix { $0 != "_" && $0 != "/" }
            guard let element = Element(symbol: String(name)) else { throw error("no such element: \"\(symbol)\"") }
            elements += [Element](repeating: element, count: count)
        }

        var mode = try next("the kind of coordinates")
        if mode.first?.first.map({ "sS".contains($0) }) ?? false { mode = try next("the kind of coordinates") }
        let isCartesian = mode.first?.first.map { "cCkK".contains($0) } ?? false
        var coordinates: [SIMD3<Double>] = []
        for index in 0..<atomCount {
            let point = SIMD3(try numbers(try next("atom \(index + 1)"), count: 3, "atom \(index + 1)"))
            coordinates.append(isCartesian ? cell.fractional(point * scale) : point)
        }
        return Structure(cell: cell, elements: elements, fractionalCoordinates: coordinates)
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

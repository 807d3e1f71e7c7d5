extension AffineOperation {
    /// Reads a coordinate triplet such as "x, -y, z+1/2", "X,Y,0.5+Z" or "2x, x, 1/4"; nil if it is none.
    package init?(triplet: some Collection<UInt8>) {
        var rows = [SIMD3<Double>](repeating: .zero, count: 3)
        var translation = SIMD3<Double>.zero
        var row = 0
        var parser = TermParser()
        var isEmpty = true
        for byte in triplet {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "'"), UInt8(ascii: "\""):
                continue
            case UInt8(ascii: ","):
                guard !isEmpty, row < 2, parser.finish(row: &rows[row], shift: &translation[row]) else { return nil }
                row += 1
                parser = TermParser()
                isEmpty = true
            default:
                guard parser.take(byte, row: &rows[row], shift: &translation[row]) else { return nil }
                isEmpty = false
            }
        }
        guard row == 2, !isEmpty, parser.finish(row: &rows[2], shift: &translation[2]) else { return nil }
        self.init(
            columns: (
                SIMD3(rows[0].x, rows[1].x, rows[2].x), SIMD3(rows[0].y, rows[1].y, rows[2].y),
                SIMD3(rows[0].z, rows[1].z, rows[2].z)
            ), translation: translation)
    }

    package init?(triplet: String) {
        self.init(triplet: Array(triplet.utf8))
    }

    /// The coordinate triplet, such as "x,-y,z+1/2"; shifts that are not a multiple of 1/24 are written as decimals.
    package var triplet: String {
        (0..<3).map { row in
            var text = ""
            for (factor, letter) in zip([columns.0[row], columns.1[row], columns.2[row]], ["x", "y", "z"]) {
                guard factor != 0 else { continue }
                text += factor < 0 ? "-" : text.isEmpty ? "" : "+"
                if factor.magnitude != 1 { text += AffineOperation.number(factor.magnitude) }
                text += letter
            }
            let shift = translation[row]
            if shift != 0 || text.isEmpty {
                text += shift < 0 ? "-" : text.isEmpty ? "" : "+"
                text += AffineOperation.number(shift.magnitude)
            }
            return text
        }.joined(separator: ",")
    }

    private static func number(_ value: Double) -> String {
        for denominator in [1, 2, 3, 4, 6, 8, 12, 24] {
            let numerator = value * Double(denominator)
            if (numerator - numerator.rounded()).magnitude < 1e-9, numerator < 1e6 {
                return denominator == 1 ? "\(Int(numerator.rounded()))" : "\(Int(numerator.rounded()))/\(denominator)"
            }
        }
        return "\(value)"
    }
}

/// Reads the terms of one coordinate of a triplet, byte by byte.
private struct TermParser {
    private var sign = 1.0
    private var numerator = 0.0
    private var denominator = 0.0
    private var decimalPlace = 0.0
    private var hasNumber = false
    private var isFraction = false
    private var letter: Int?
    private var hasSign = false

    /// Takes the next byte; false if the text is not a triplet.
    mutating func take(_ byte: UInt8, row: inout SIMD3<Double>, shift: inout Double) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            if hasNumber || letter != nil {
                guard finish(row: &row, shift: &shift) else { return false }
            } else if hasSign {
                return false
            }
            self = TermParser()
            sign = byte == UInt8(ascii: "-") ? -1 : 1
            hasSign = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard letter == nil else { return false }
            let digit = Double(byte - UInt8(ascii: "0"))
            hasNumber = true
            if isFraction {
                denominator = 10 * denominator + digit
            } else if decimalPlace > 0 {
                numerator += digit * decimalPlace
                decimalPlace /= 10
            } else {
                numerator = 10 * numerator + digit
            }
        case UInt8(ascii: "."):
            guard decimalPlace == 0, !isFraction, letter == nil else { return false }
            decimalPlace = 0.1
        case UInt8(ascii: "/"):
            guard hasNumber, !isFraction else { return false }
            isFraction = true
        case UInt8(ascii: "*"):
            guard hasNumber, letter == nil else { return false }
        case UInt8(ascii: "x")...UInt8(ascii: "z"), UInt8(ascii: "X")...UInt8(ascii: "Z"):
            guard letter == nil else { return false }
            letter = Int(byte | 0x20) - Int(UInt8(ascii: "x"))
        default:
            return false
        }
        return true
    }

    /// Adds the term read so far; false if it is incomplete.
    func finish(row: inout SIMD3<Double>, shift: inout Double) -> Bool {
        guard hasNumber || letter != nil, !isFraction || denominator > 0 else { return false }
        let value = sign * (hasNumber ? numerator : 1) / (isFraction ? denominator : 1)
        guard value.isFinite else { return false }
        if let letter {
            row[letter] += value
        } else {
            shift += value
        }
        return true
    }
}

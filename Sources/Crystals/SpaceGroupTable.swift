import Foundation

/// The embedded table of the 230 space groups, read once on first use.
struct SpaceGroupTable: Sendable {
    /// One space group of the table.
    struct Entry: Sendable {
        let symbol: String
        /// The number that spglib gives the setting, 1...530.
        let hallNumber: Int
        let centring: Centring
        /// The general position, centring translations applied.
        let operations: [AffineOperation]
        /// From "a" on.
        let positions: [WyckoffPosition]
        /// The codes of the operations in ascending order.
        let operationCodes: [Int]
        /// What to add to coordinates of the other choice of origin; nil for groups with one origin.
        let originShift: SIMD3<Double>?
        /// The codes of the operations for the other choice of origin, in ascending order; empty if there is none.
        let otherOriginCodes: [Int]
    }

    let entries: [Entry]

    static let shared = SpaceGroupTable()

    private init() {
        guard let url = Bundle.module.url(forResource: "space-groups", withExtension: "txt", subdirectory: "Resources"),
            let data = try? Data(contentsOf: url)
        else {
            // invariant: the build puts the table beside the program.
            preconditionFailure("the space-group table is missing from the package's resources: reinstall the program")
        }
        entries = data.split(separator: UInt8(ascii: "\n"))
            .filter { $0.first != UInt8(ascii: "#") }
            .map { line in
                guard let entry = Entry(line: line) else {
                    // invariant: the table is part of the program, not of anyone's input.
                    preconditionFailure(
                        "damaged line in the space-group table: \(String(decoding: line, as: UTF8.self))")
                }
                return entry
            }
        precondition(entries.count == 230, "the space-group table has \(entries.count) of 230 groups")
    }
}

extension SpaceGroupTable.Entry {
    /// Reads "number|symbol|setting|shift|operations|positions".
    init?(line: Data.SubSequence) {
        let fields = line.split(separator: UInt8(ascii: "|"))
        guard fields.count == 6, let hallNumber = Int(String(decoding: fields[2], as: UTF8.self)) else { return nil }
        symbol = String(decoding: fields[1], as: UTF8.self)
        guard let centring = symbol.first.flatMap({ Centring(rawValue: String($0)) }) else { return nil }
        self.centring = centring
        self.hallNumber = hallNumber
        guard let shift = AffineOperation(triplet: fields[3])?.translation else { return nil }
        let block = fields[4].split(separator: UInt8(ascii: ";")).compactMap { AffineOperation(triplet: $0) }
        let first = fields[5].split(separator: UInt8(ascii: ";")).compactMap { AffineOperation(triplet: $0) }
        guard block.first == .identity, first.last == .identity else { return nil }
        let general = centring.translations.flatMap { shift in block.map { $0.shifted(by: shift) } }
        operations = general
        operationCodes = operations.compactMap(\.code).sorted()
        originShift = shift == .zero ? nil : shift
        otherOriginCodes = shift == .zero ? [] : operations.compactMap { $0.moved(by: -shift).code }.sorted()
        positions = first.enumerated().map { offset, representative in
            if representative == .identity {
                return WyckoffPosition(index: offset + 1, operations: general, primitiveOperations: block)
            }
            // Distinct images of the representative, modulo centring translations and in all.
            var seen: Set<Int> = []
            var primitive: [AffineOperation] = []
            for operation in block {
                let image = operation.after(representative)
                guard let code = image.code, !seen.contains(code) else { continue }
                primitive.append(image)
                for shift in centring.translations {
                    if let shiftedCode = image.shifted(by: shift).code { seen.insert(shiftedCode) }
                }
            }
            let all = centring.translations.flatMap { shift in primitive.map { $0.shifted(by: shift) } }
            return WyckoffPosition(index: offset + 1, operations: all, primitiveOperations: primitive)
        }
    }
}

internal import Crystals
internal import Foundation

/// A JSON object with a composition and its energy, or what is wrong with it.
///
/// Decoding fails only for what is no JSON at all.
struct CompositionLine: Decodable {
    /// The name under one of the usual keys.
    let name: String?
    /// Whether it is an object.
    let isObject: Bool
    /// Whether it has the keys of a structure.
    let isStructure: Bool
    let subject: Result<HullQuery.Subject, ToolFailure>

    /// The objects of a file.
    ///
    /// - Parameter isOneValue: whether the file is one JSON value, an object or a list, rather than one object a line.
    static func read(_ bytes: [UInt8], isOneValue: Bool) -> [CompositionLine] {
        if isOneValue {
            let data = Data(bytes)
            return (try? JSONDecoder().decode([CompositionLine].self, from: data)) ?? [CompositionLine(data)]
        }
        return bytes.split(separator: UInt8(ascii: "\n"))
            .filter { $0.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r") } }
            .map { CompositionLine(Data($0)) }
    }

    /// Reads one object.
    private init(_ data: Data) {
        let failure = ToolFailure("this is no valid JSON (NaN and Infinity are none either)")
        self = (try? JSONDecoder().decode(CompositionLine.self, from: data)) ?? CompositionLine(failure)
    }

    private init(_ failure: ToolFailure) {
        name = nil
        isObject = false
        isStructure = false
        subject = .failure(failure)
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case entryID = "entry_id"
        case materialID = "material_id"
        case composition, energy, correction, lattice, structure
    }

    init(from decoder: any Decoder) throws {
        let container = try? decoder.container(keyedBy: CodingKeys.self)
        isObject = container != nil
        guard let fields = container else {
            name = nil
            isStructure = false
            subject = .failure(ToolFailure("expected a JSON object"))
            return
        }
        name = [.id, .entryID, .materialID].lazy.compactMap { CompositionLine.name(fields, $0) }.first
        isStructure = fields.contains(.lattice) || fields.contains(.structure)
        subject = Result { () throws(ToolFailure) in try CompositionLine.subject(fields) }
    }

    private static func name(_ fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys) -> String? {
        (try? fields.decode(String.self, forKey: key)) ?? (try? fields.decode(Int.self, forKey: key)).map(String.init)
    }

    private static func subject(
        _ fields: KeyedDecodingContainer<CodingKeys>
    ) throws(ToolFailure) -> HullQuery.Subject {
        let composition = try composition(read(fields, .composition, "an object of amounts"))
        var energy: Double = try read(fields, .energy, "a number")
        if fields.contains(.correction) { energy += try read(fields, .correction, "a number") }
        guard energy.isFinite else { throw ToolFailure("the energy is not a finite number") }
        return .composition(composition, energyPerAtom: energy / composition.atomCount)
    }

    private static func read<Value: Decodable>(
        _ fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, _ kind: String
    ) throws(ToolFailure) -> Value {
        guard fields.contains(key) else { throw ToolFailure("\"\(key.rawValue)\" is missing") }
        guard let value = try? fields.decode(Value.self, forKey: key) else {
            throw ToolFailure("\"\(key.rawValue)\" must be \(kind)")
        }
        return value
    }

    private static func composition(_ amounts: [String: Double]) throws(ToolFailure) -> Composition {
        var sums: [Element: Double] = [:]
        for (symbol, amount) in amounts.sorted(by: { $0.key < $1.key }) {
            guard let element = Element(symbol: symbol) else { throw ToolFailure("\"\(symbol)\" is no element") }
            guard amount >= 0, amount.isFinite else { throw ToolFailure("the amount of \(symbol) is \(amount)") }
            sums[element, default: 0] += amount
        }
        let composition = Composition(sums)
        guard composition.atomCount > 0 else { throw ToolFailure("the composition has no atoms") }
        guard composition.atomCount.isFinite else { throw ToolFailure("the amounts are too large") }
        return composition
    }
}

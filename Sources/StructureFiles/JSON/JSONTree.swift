import Foundation

/// A JSON value as `JSONSerialization` gives it, but with every number read to the nearest Double: on Linux that class
/// goes through decimal numbers and may miss the last digit.
struct JSONTree: Decodable {
    /// `[String: Any]`, `[Any]`, `String`, `NSNumber` or `NSNull`.
    let value: Any

    /// Why a text is no JSON.
    enum Failure: Error {
        case invalid
        /// The text ends inside a string, an object or a list.
        case incomplete
    }

    /// Reads a text.
    /// - Throws: ``Failure`` if it is not JSON or has a number beyond the range of Double.
    static func parse(_ data: Data) throws(Failure) -> Any {
        guard let tree = try? JSONDecoder().decode(JSONTree.self, from: data) else {
            throw isIncomplete(data) ? .incomplete : .invalid
        }
        return tree.value
    }

    /// The number that a value is; nil for true and false, which are no numbers, and for anything else.
    static func number(_ value: Any?) -> Double? {
        guard let number = value as? NSNumber, number.objCType.pointee != CChar(UInt8(ascii: "c")) else { return nil }
        return number.doubleValue
    }

    /// A value as the text of a table's field: a string itself, anything else as JSON; nil for null.
    static func text(_ value: Any) -> String? {
        if value is NSNull { return nil }
        if let text = value as? String { return text }
        let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]
        return (try? JSONSerialization.data(withJSONObject: value, options: options)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private static func isIncomplete(_ data: Data) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in data {
            if isInString {
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        return isInString || depth > 0
    }

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let number = try? single.decode(Double.self) {
            value = NSNumber(value: number)
        } else if let text = try? single.decode(String.self) {
            value = text
        } else if let list = try? single.decode([JSONTree].self) {
            value = list.map(\.value)
        } else if let object = try? single.decode([String: JSONTree].self) {
            value = object.mapValues(\.value)
        } else if let flag = try? single.decode(Bool.self) {
            value = NSNumber(value: flag)
        } else if single.decodeNil() {
            value = NSNull()
        } else {
            throw DecodingError.dataCorruptedError(in: single, debugDescription: "no JSON value")
        }
    }
}

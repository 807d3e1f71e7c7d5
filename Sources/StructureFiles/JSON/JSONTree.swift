import Foundation

/// A JSON value as `JSONSerialization` gives it, but with every number read to the nearest Double: on Linux that class
/// goes through decimal numbers and may miss the last digit.
struct JSONTree: Decodable {
    /// `[String: Any]`, `[Any]`, `String`, `NSNumber` or `NSNull`.
    let value: Any

    /// Reads a text; nil if it is not JSON or has a number beyond the range of Double.
    static func parse(_ data: Data) -> Any? {
        (try? JSONDecoder().decode(JSONTree.self, from: data))?.value
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

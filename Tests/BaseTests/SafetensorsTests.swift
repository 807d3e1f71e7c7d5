import Base
import Foundation
import Testing

@Suite struct SafetensorsTests {
    private let file = Safetensors(
        metadata: ["a": "b"],
        tensors: ["x": .init(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]), "empty": .init(shape: [0], values: [])])

    @Test func encoded_readsBackAndIsTheSameEachTime() throws {
        let data = file.encoded()
        let read = try Safetensors(data)
        #expect(read.metadata == file.metadata && read.tensors == file.tensors)
        #expect(read.encoded() == data)
    }

    @Test func damagedBytes_neverTrap() {
        let data = [UInt8](file.encoded())
        var generator = Philox(seed: 1, domain: .testing)
        for _ in 0..<3000 {
            var bytes = data
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.removeLast(
                Int.random(in: 0...bytes.count, using: &generator) * Int.random(in: 0...1, using: &generator))
            _ = try? Safetensors(Data(bytes))
        }
    }

    @Test(arguments: [
        #"{"x":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}"#,
        #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#,
        #"{"x":{"dtype":"I8","shape":[1]}}"#,
        // Two tensors of the same bytes: a thousand of them would fill the memory.
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        "[]", "",
    ])
    func hostileHeader_isRefused(header: String) {
        var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        data.append(Data(header.utf8))
        data.append(Data([0, 0, 0, 0]))
        #expect(throws: SafetensorsError.self) { try Safetensors(data) }
    }
}

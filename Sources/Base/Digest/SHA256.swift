/// The SHA-256 hash function (FIPS 180-4): the digest of weights, checkpoints and reference data.
///
///     var hash = SHA256()
///     hash.update(header)
///     hash.update(payload)
///     let digest = hash.finalize().hexadecimal
package struct SHA256: Sendable {
    /// The 32 bytes of a hash value.
    package struct Digest: Hashable, Sendable, CustomStringConvertible {
        package let bytes: [UInt8]

        /// The digest as 64 lower-case hexadecimal digits.
        package var hexadecimal: String {
            let digits = Array("0123456789abcdef".utf8)
            return String(
                decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }

        package var description: String { hexadecimal }
    }

    private static let blockSize = 64
    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    private var state = SIMD8<UInt32>(
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
    /// The bytes of the block that is not yet full.
    private var tail: [UInt8] = []
    private var byteCount: UInt64 = 0

    package init() {
        tail.reserveCapacity(SHA256.blockSize)
    }

    /// The digest of all the bytes at once.
    package static func hash(_ bytes: some Sequence<UInt8>) -> Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    /// Adds bytes to what is hashed; fast for whatever stores its bytes contiguously.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// Adds bytes to what is hashed.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var rest = bytes[...]
        if !tail.isEmpty {
            let taken = min(SHA256.blockSize - tail.count, rest.count)
            tail.append(contentsOf: rest.prefix(taken))
            rest = rest.dropFirst(taken)
            guard tail.count == SHA256.blockSize else { return }
            tail.withUnsafeBytes { SHA256.compress($0, into: &state) }
            tail.removeAll(keepingCapacity: true)
        }
        let whole = rest.count / SHA256.blockSize * SHA256.blockSize
        SHA256.compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)), into: &state)
        tail.append(contentsOf: rest.dropFirst(whole))
    }

    /// The digest of everything added so far; more may be added afterwards.
    package func finalize() -> Digest {
        var copy = self
        let bitCount = byteCount &* 8
        let used = tail.count + 1 + 8
        let zeros = (SHA256.blockSize - used % SHA256.blockSize) % SHA256.blockSize
        copy.update([0x80] + [UInt8](repeating: 0, count: zeros))
        copy.update((0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * UInt64($0))) })
        return Digest(
            bytes: copy.state.indices.flatMap { index in
                (0..<4).map { UInt8(truncatingIfNeeded: copy.state[index] >> (24 - 8 * UInt32($0))) }
            })
    }

    /// Hashes whole blocks.
    private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout SIMD8<UInt32>) {
        roundConstants.withUnsafeBufferPointer { constants in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { schedule in
                for start in stride(from: 0, to: blocks.count, by: blockSize) {
                    expand(UnsafeRawBufferPointer(rebasing: blocks[start..<start + blockSize]), into: schedule)
                    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
                    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
                    for round in stride(from: 0, to: blockSize, by: 8) {
                        // The eight variables change places in every round; after eight they are back.
                        step(a, b, c, &d, e, f, g, &h, constants[round] &+ schedule[round])
                        step(h, a, b, &c, d, e, f, &g, constants[round + 1] &+ schedule[round + 1])
                        step(g, h, a, &b, c, d, e, &f, constants[round + 2] &+ schedule[round + 2])
                        step(f, g, h, &a, b, c, d, &e, constants[round + 3] &+ schedule[round + 3])
                        step(e, f, g, &h, a, b, c, &d, constants[round + 4] &+ schedule[round + 4])
                        step(d, e, f, &g, h, a, b, &c, constants[round + 5] &+ schedule[round + 5])
                        step(c, d, e, &f, g, h, a, &b, constants[round + 6] &+ schedule[round + 6])
                        step(b, c, d, &e, f, g, h, &a, constants[round + 7] &+ schedule[round + 7])
                    }
                    state &+= SIMD8(a, b, c, d, e, f, g, h)
                }
            }
        }
    }

    /// One round: `d` and `h` are replaced.
    @inline(__always)
    private static func step(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
        _ h: inout UInt32, _ word: UInt32
    ) {
        let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ (g ^ (e & (f ^ g))) &+ word
        let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ ((a & b) | (c & (a | b)))
        d = d &+ first
        h = first &+ second
    }

    /// The message schedule of one block: 16 big-endian words and 48 made from them.
    private static func expand(_ block: UnsafeRawBufferPointer, into schedule: UnsafeMutableBufferPointer<UInt32>) {
        for index in 0..<16 {
            schedule[index] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        }
        for index in 16..<blockSize {
            let (near, far) = (schedule[index - 2], schedule[index - 15])
            let low = rotated(far, 7) ^ rotated(far, 18) ^ (far >> 3)
            let high = rotated(near, 17) ^ rotated(near, 19) ^ (near >> 10)
            schedule[index] = schedule[index - 16] &+ low &+ schedule[index - 7] &+ high
        }
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
        (word &>> count) | (word &<< (32 &- count))
    }
}

internal import CZlib

/// Packing by zlib, bytes at hand.
enum Deflate {
    /// How packed bytes are wrapped.
    enum Wrapping: Int32 {
        /// Not at all, as in zip archives.
        case none = -15
        /// As a gzip member.
        case gzip = 31
    }

    /// The bytes packed; nil if zlib cannot, which only a lack of memory explains.
    static func packed(_ bytes: [UInt8], _ wrapping: Wrapping) -> [UInt8]? {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, wrapping.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        var isWhole = false
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
                count = output.count - Int(stream.avail_out)
            }
        }
        return isWhole ? packed : nil
    }

    /// As many bytes as there should be, unpacked from bytes without wrapping; nil if they are damaged, or others.
    static func unpacked(_ bytes: some Sequence<UInt8>, count expected: Int) -> [UInt8]? {
        var stream = z_stream()
        guard inflateInit2_(&stream, Wrapping.none.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { inflateEnd(&stream) }
        var input = Array(bytes)
        var isWhole = false
        // One byte more, so that what is longer than stated is found out.
        let unpacked = [UInt8](unsafeUninitializedCapacity: expected + 1) { output, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END
                count = output.count - Int(stream.avail_out)
            }
        }
        return isWhole && unpacked.count == expected ? unpacked : nil
    }

    /// The checksum that zip archives keep.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(crc32(0, $0.baseAddress, UInt32($0.count))) }
    }
}

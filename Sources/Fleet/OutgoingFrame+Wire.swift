internal import SwiftProtobuf
internal import Transport

// Messages are written into the library's memory.
extension OutgoingFrame: SwiftProtobufContiguousBytes {}

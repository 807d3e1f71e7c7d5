/// Crystals for an engine child to evaluate, and by which settings.
///
/// Layout: id (u64) and length of the settings (u32), little-endian; the settings, UTF-8; the crystals as the message that
/// brought them.
struct EngineRequest: Sendable {
    /// Unique among the requests of one engine process; never 0.
    var id: UInt64
    var settings: String
    /// A `HubMessage.task`, encoded.
    var task: [UInt8]

    private static let headerBytes = 12

    init(id: UInt64, settings: String, crystals: [SampledCrystal]) throws {
        self.id = id
        self.settings = settings
        task = try HubMessage.task(RewardTask(epoch: 0, id: id, crystals: crystals)).encode()
    }

    /// Reads a request; nil for what is none. The crystals are decoded later, by ``crystals()``.
    init?(_ frame: [UInt8]) {
        func number(_ range: Range<Int>) -> UInt64 { frame[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        guard frame.count >= Self.headerBytes else { return nil }
        let settingsEnd = Self.headerBytes + Int(number(8..<12))
        guard settingsEnd <= frame.count else { return nil }
        id = number(0..<8)
        settings = String(decoding: frame[Self.headerBytes..<settingsEnd], as: UTF8.self)
        task = Array(frame[settingsEnd...])
    }

    var frame: [UInt8] {
        let text = Array(settings.utf8)
        let identifier = withUnsafeBytes(of: id.littleEndian) { Array($0) }
        let length = withUnsafeBytes(of: UInt32(text.count).littleEndian) { Array($0) }
        return identifier + length + text + task
    }

    func crystals() throws -> [SampledCrystal] {
        guard case .task(let task) = try HubMessage.decode(task) else { throw WireError.malformed("no task") }
        return task.crystals
    }
}

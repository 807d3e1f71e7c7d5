import Foundation

/// Gives one decoder bytes led by coverage, as libFuzzer makes them; `Scripts/fuzz-decoders` builds and runs it.
///
/// - `fuzz-decoders` tells the names of the decoders;
/// - `fuzz-decoders --seeds FOLDER` writes what each begins with, and its words for libFuzzer, into folders of theirs;
/// - `DRUSE_FUZZ_TARGET=NAME fuzz-decoders [OPTION or FILE ...]` fuzzes that one, or reads the files; the options are
///   libFuzzer's.
@main
enum FuzzDecoders {
    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "--seeds" {
            for decoder in Decoder.all { try decoder.writeSeeds(into: URL(filePath: arguments[2])) }
        } else if decoder != nil {
            var count = CommandLine.argc
            var values = CommandLine.unsafeArgv
            exit(runDriver(&count, &values, readOneInput))
        } else {
            print(Decoder.all.map(\.name).joined(separator: "\n"))
        }
    }
}

/// The one that is fuzzed.
private let decoder = ProcessInfo.processInfo.environment["DRUSE_FUZZ_TARGET"].flatMap { name in
    Decoder.all.first { $0.name == name }
}

/// What libFuzzer calls. Whatever a decoder throws is its right; what traps, hangs or takes all memory is a defect.
@_cdecl("LLVMFuzzerTestOneInput")
func readOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let decoder else { return 0 }
    try? decoder.read([UInt8](UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// libFuzzer's loop (`FuzzerInterface.h`).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ values: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

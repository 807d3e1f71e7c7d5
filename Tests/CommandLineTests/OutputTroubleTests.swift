import Archive
import ArchiveFixtures
import Foundation
import ProgramFixtures
import Testing

private let canMount = (try? DruseProcess.runShell("unshare -m mount -t tmpfs tmpfs /mnt", arguments: []))?.status == 0

/// Disks that are full or read-only, and readers that go away: what cannot be written is told, once and with its
/// reason, and never taken for a fault of crystals.
@Suite struct OutputTroubleTests {
    private let folder: TemporaryFolder
    private var run: String { folder.path("run") }

    init() throws { folder = try TemporaryFolder() }

    private static let configuration = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Configs/quickstart.yaml").path

    private func makeRun() throws {
        var synthetic = SyntheticRun(versionCount: 4)
        _ = try synthetic.write(to: URL(filePath: run))
    }

    /// A file of many crystals: more than a pipe holds.
    private func salts(_ count: Int) throws -> String {
        let salts = String(repeating: CommandFixtures.rockSalt.trimmingCharacters(in: .newlines) + "\n", count: count)
        return try folder.file("salts.jsonl", salts)
    }

    @Test(
        .enabled("needs /dev/full") { FileManager.default.fileExists(atPath: "/dev/full") },
        arguments: [
            "evaluate --policy base --count 2 --known none", "evaluate --policy base --count 2 --known none --json",
            "config", "config --json", "config --explain", "config objective.kl_weight", "config --reference",
            "config --pretraining", "keys list KEYS", "keys new other -o KEYS", "monitor RUN --json", "monitor RUN",
            "report RUN", "export RUN --all -o FOLDER/out.csv", "ingest FOLDER/salts.jsonl -o FOLDER/table.csv",
            "launch --config CONFIG --run-dir FOLDER/new --dry-run", "tokens FOLDER/salts.jsonl",
        ]) func fullStandardOutput_isTold(command: String) async throws
    {
        try makeRun()
        _ = try salts(1)
        for options in [["--learner"], ["worker", "--allow"]] {
            #expect(try await DruseProcess.run(["keys", "new", "-o", folder.path("keys")] + options).status == 0)
        }
        let words = command.split(separator: " ").map { word in
            String(word).replacing("KEYS", with: folder.path("keys")).replacing("RUN", with: run)
                .replacing("FOLDER", with: folder.path("")).replacing("CONFIG", with: Self.configuration)
        }
        let outcome = try await DruseProcess.runShell("exec \"$DRUSE\" \"$@\" > /dev/full", arguments: words)
        #expect(outcome.status == 1, "\(outcome.messages)")
        let told = outcome.messageLines.filter {
            $0 == "Error: cannot write to stdout: no space left on the disk"
        }
        #expect(told.count == 1, "\(outcome.messages)")
    }

    /// `head` has had enough, which is no error.
    @Test(arguments: ["ingest", "relax --steps 0", "relax --steps 0 --json"])
    func readerThatGoesAway_isNoError(command: String) async throws {
        let words = command.split(separator: " ").map(String.init)
        let more = command.hasSuffix("--json") ? [] : ["-o", "/dev/stdout"]
        let (status, input) = (folder.path("status"), try salts(1000))
        let outcome = try await DruseProcess.runShell(
            "status=\"$1\"; shift; { \"$DRUSE\" \"$@\"; echo $? > \"$status\"; } | head -c 1",
            arguments: [status] + words + [input] + more)
        #expect(try String(contentsOfFile: status, encoding: .utf8) == "0\n", "\(outcome.messages)")
        #expect(outcome.messages.isEmpty, "\(outcome.messages)")
    }

    /// The file of a command is written, whoever reads what it tells of it.
    @Test(arguments: ["relax --steps 0", "energy --relax --json"])
    func fileOfACommand_isWrittenThoughNobodyReads(command: String) async throws {
        let (status, output, input) = (folder.path("status"), folder.path("out.jsonl"), try salts(50))
        let words = command.split(separator: " ").map(String.init)
        let outcome = try await DruseProcess.runShell(
            "status=\"$1\"; shift; { \"$DRUSE\" \"$@\"; echo $? > \"$status\"; } | true",
            arguments: [status] + words + [input, "-o", output])
        #expect(try String(contentsOfFile: status, encoding: .utf8) == "0\n", "\(outcome.messages)")
        #expect(try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").count == 50)
    }

    /// A command on a disk of a few pages, with the sizes of the files that are there at the end.
    private func onSmallDisk(_ size: String, _ arguments: [String]) async throws -> DruseProcess.Outcome {
        let disk = folder.path("disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let script = """
            disk="$1"; size="$2"; shift 2
            exec unshare -m sh -c 'disk="$1"; mount -t tmpfs -o size="$2" tmpfs "$disk" && shift 2 && "$@" >/dev/null
            status=$?; find "$disk" -type f -printf "%s %f\\n"; exit $status' sh "$disk" "$size" "$DRUSE" "$@"
            """
        return try await DruseProcess.runShell(script, arguments: [disk, size] + arguments)
    }

    @Test(.enabled(if: canMount, "needs a mount namespace"), arguments: ["cif", "poscar", "vasp"])
    func export_ontoAFullDisk_endsAtOnceAndLeavesNoCutFile(format: String) async throws {
        try makeRun()
        let options = format == "vasp" ? ["--vasp"] : ["--format", format]
        let outcome = try await onSmallDisk("64k", ["export", run, "--all", "-o", folder.path("disk/out")] + options)
        #expect(outcome.status == 1 && outcome.messageLines.count == 1, "\(outcome.messages)")
        #expect(outcome.messages.contains("no space left on the disk"), "\(outcome.messages)")
        #expect(!outcome.messages.contains("left out"), "\(outcome.messages)")
        let files = outcome.output.split(separator: "\n")
        #expect(files.count > 3 && !files.contains { $0.hasPrefix("0 ") || $0.contains(".tmp-") }, "\(files)")
    }

    @Test(.enabled(if: canMount, "needs a mount namespace"))
    func evaluationsCIFs_onAFullDisk_areToldInWords() async throws {
        let outcome = try await onSmallDisk(
            "1200k",
            [
                "evaluate", "--structures", try salts(300), "--known", "none", "--save", folder.path("disk/out"),
                "--cifs",
            ])
        #expect(outcome.status == 1, "\(outcome.messages)")
        #expect(outcome.messages.contains(".cif: no space left on the disk"), "\(outcome.messages)")
        let files = outcome.output.split(separator: "\n")
        #expect(files.count > 3 && !files.contains { $0.hasPrefix("0 ") || $0.contains(".tmp-") }, "\(files)")
    }

    @Test(
        .enabled(if: canMount, "needs a mount namespace"),
        arguments: [
            "evaluate --policy base --count 1 --known none --save DISK/out",
            "evaluate --policy base --count 1 --known none --page DISK/page.html", "relax SALTS -o DISK/out.cif",
            "ingest SALTS -o FOLDER/out.csv --refused DISK/refused.csv",
            "export RUN --all --format cif -o DISK/out",
        ]) func readOnlyDisk_isNamed(command: String) async throws
    {
        try makeRun()
        let (disk, salts) = (folder.path("disk"), try salts(1))
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let words = command.split(separator: " ").map { word in
            String(word).replacing("DISK", with: disk).replacing("SALTS", with: salts).replacing("RUN", with: run)
                .replacing("FOLDER", with: folder.path(""))
        }
        let outcome = try await DruseProcess.runShell(
            """
            disk="$1"; shift
            exec unshare -m sh -c 'mount -t tmpfs -o ro tmpfs "$1" && shift && exec "$@"' sh "$disk" "$DRUSE" "$@"
            """, arguments: [disk] + words)
        #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome.messages)")
        #expect(outcome.messages.contains(": the file system is read-only\n"), "\(outcome.messages)")
    }
}

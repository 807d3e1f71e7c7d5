import Foundation
import ProgramFixtures
import Testing
import Trajectories

private let canMount = (try? DruseProcess.runShell("unshare -m true", arguments: []))?.status == 0

/// Runs on media that cannot be written to: a mount that is read-only for root, too.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5)), .enabled(if: canMount, "needs a mount namespace"))
struct ReadOnlyRunTests {
    /// Runs `druse` with a folder mounted read-only.
    private func druse(_ arguments: [String], readOnly folder: URL) async throws -> DruseProcess.Outcome {
        let script = """
            folder="$1"; shift
            exec unshare -m sh -c 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"' \
            sh "$folder" "$DRUSE" "$@"
            """
        return try await DruseProcess.runShell(script, arguments: [folder.path] + arguments)
    }

    /// A finished run, and one whose learner was killed, so that its journal holds a part.
    @Test(arguments: [false, true]) func report_ofACopyThatCannotBeWritten_isMade(isCutShort: Bool) async throws {
        let cluster = try TestCluster(versions: isCutShort ? 1000 : 1)
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        if isCutShort {
            try await cluster.untilVersions(1)
            learner.signal(SIGKILL)
            #expect(try await cluster.exit(of: learner) == 128 + SIGKILL)
            for peer in peers { peer.signal(SIGKILL) }
        } else {
            try await cluster.expectEnd(of: learner, and: peers)
        }
        let copy = cluster.folder.url.appending(path: "copy")
        try FileManager.default.copyItem(at: cluster.directory, to: copy)
        let page = cluster.folder.path("page.html")
        let made = try await druse(["report", copy.path, "-o", page], readOnly: copy)
        #expect(made.status == 0, "\(made.messages)")
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("</html>"))
        let before = try FileManager.default.contentsOfDirectory(atPath: copy.path)
        #expect(!before.contains("report.html"))
        let ledger = try await druse(["ledger", copy.path], readOnly: copy)
        #expect(ledger.status == 0 && ledger.output.contains("it balances"), "\(ledger.output)\(ledger.messages)")
        let exported = try await druse(
            ["export", copy.path, "--limit", "3", "-o", cluster.folder.path("best.csv")], readOnly: copy)
        #expect(exported.status == 0, "\(exported.messages)")
        if !isCutShort {
            let equal = try await druse(["ledger", "diff", cluster.directory.path, copy.path], readOnly: copy)
            #expect(equal.status == 0 && equal.output.isEmpty, "\(equal.output)\(equal.messages)")
            let names = try FileManager.default.contentsOfDirectory(atPath: copy.path)
            #expect(!names.contains { $0.hasPrefix("archive.sqlite-") })
        }
        // Where the page itself has no place, that is said.
        let refused = try await druse(["report", copy.path], readOnly: copy)
        #expect(refused.status == 1 && refused.messageLines.count == 1)
        #expect(refused.messages.contains("the file system is read-only"), "\(refused.messages)")
        let evaluated = try await druse(["evaluate", "--run", copy.path, "--count", "2"], readOnly: copy)
        // It has no place in the run, which is told before anything is measured; the table is shown all the same.
        #expect(evaluated.status == 0)
        #expect(evaluated.output.contains("stable"), "\(evaluated.messages)")
        #expect(evaluated.messages.contains("the file system is read-only"), "\(evaluated.messages)")
    }

    @Test func learner_onADirectoryThatCannotBeWritten_saysSo() async throws {
        let cluster = try TestCluster(versions: 1)
        let outcome = try await druse(
            ["launch", "--config", cluster.configurationFile, "--run-dir", cluster.folder.path("none/run")],
            readOnly: cluster.folder.url)
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("the file system is read-only"), "\(outcome.messages)")
    }
}

import Base
import Foundation
import Glibc
import ProgramFixtures

/// Chromium without a window, led by its debugging protocol over two named pipes; used by one thread.
///
/// Everything is bounded by a deadline: a browser that hangs fails the test.
final class Browser {
    /// What did not happen in time, or what the browser refused.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static var path: String? {
        ["chromium", "chromium-browser", "google-chrome"].map { "/usr/bin/\($0)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static let patience: TimeInterval = 60
    private let folder: TemporaryFolder
    private let process: ChildProcess
    private let writing: Int32
    private let reading: Int32
    private var buffer = Data()
    private var number = 0
    private var session = ""
    /// Errors, warnings and messages of pages' scripts, and what a policy forbade.
    private(set) var complaints: [String] = []
    /// The addresses that pages asked for.
    private(set) var requests: [String] = []

    /// Starts it with an empty page.
    init() throws {
        folder = try TemporaryFolder()
        let pipes = ["in", "out"].map(folder.path)
        for pipe in pipes { mkfifo(pipe, 0o600) }
        // Open for both directions, so that no side waits for the other.
        (writing, reading) = (Glibc.open(pipes[0], O_RDWR | O_CLOEXEC), Glibc.open(pipes[1], O_RDWR | O_CLOEXEC))
        let nothing = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        var streams = ChildProcess.Streams()
        (streams.output, streams.messages) = (nothing, nothing)
        process = try ChildProcess(
            "/bin/sh",
            [
                "-c",
                "exec \"$0\" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars "
                    + "--disable-background-networking --no-first-run --remote-debugging-pipe --user-data-dir=\"$3\" "
                    + "about:blank 3<\"$1\" 4>\"$2\"", Browser.path ?? "", pipes[0], pipes[1], folder.path("profile"),
            ], streams: streams)
        let target = try call("Target.createTarget", ["url": "about:blank"])
        let attached = try call("Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
        session = attached["sessionId"] as? String ?? ""
        for domain in ["Page", "Runtime", "Log", "Network"] { _ = try call("\(domain).enable", [:]) }
    }

    deinit {
        process.signal(SIGTERM)
        close(writing)
        close(reading)
    }

    /// Sets how wide and high the window is, and what the system prefers.
    func look(width: Int, height: Int, isDark: Bool = false, scale: Double = 1) throws {
        _ = try call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600])
        _ = try call(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    }

    /// Opens an address and waits until the page says that it is drawn.
    func open(_ address: String) throws {
        _ = try call("Page.navigate", ["url": address])
        try wait(for: "document.documentElement?.dataset.ready === 'true'")
    }

    /// The value of an expression, awaited if it is a promise.
    func evaluate(_ expression: String) throws -> Any? {
        let answer = try call(
            "Runtime.evaluate", ["expression": expression, "awaitPromise": true, "returnByValue": true])
        if let problem = answer["exceptionDetails"] { throw Failure(description: "\(expression): \(problem)") }
        return (answer["result"] as? [String: Any])?["value"]
    }

    /// Waits until an expression is true.
    func wait(for expression: String) throws {
        let deadline = Date() + Self.patience
        while try evaluate(expression) as? Bool != true {
            guard Date() < deadline else {
                throw Failure(description: "not true in time: \(expression); \(complaints)")
            }
        }
    }

    /// Presses a key where the focus is.
    func press(_ key: String) throws {
        for type in ["rawKeyDown", "keyUp"] {
            _ = try call("Input.dispatchKeyEvent", ["type": type, "key": key, "code": key])
        }
    }

    /// What is seen, as PNG.
    func screenshot() throws -> Data {
        let answer = try call("Page.captureScreenshot", ["format": "png"])
        return Data(base64Encoded: answer["data"] as? String ?? "") ?? Data()
    }

    // MARK: Protocol

    private func call(_ method: String, _ parameters: [String: Any]) throws -> [String: Any] {
        number += 1
        var message: [String: Any] = ["id": number, "method": method, "params": parameters]
        if !session.isEmpty { message["sessionId"] = session }
        let bytes = try JSONSerialization.data(withJSONObject: message) + Data([0])
        try FileHandle(fileDescriptor: writing).write(contentsOf: bytes)
        let deadline = Date() + Self.patience
        while true {
            let answer = try next(before: deadline)
            guard answer["id"] as? Int == number else {
                note(answer)
                continue
            }
            if let problem = answer["error"] { throw Failure(description: "\(method): \(problem)") }
            return answer["result"] as? [String: Any] ?? [:]
        }
    }

    private func next(before deadline: Date) throws -> [String: Any] {
        while true {
            if let end = buffer.firstIndex(of: 0) {
                let message = Data(buffer[..<end])
                buffer = Data(buffer[(end + 1)...])
                return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
            }
            var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            let left = deadline.timeIntervalSinceNow
            guard left > 0, process.isRunning else {
                throw Failure(description: "the browser \(process.isRunning ? "does not answer" : "has ended")")
            }
            guard poll(&entry, 1, Int32(min(left, 1) * 1000)) > 0 else { continue }
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(reading, &piece, piece.count)
            if count > 0 { buffer += piece[..<count] }
        }
    }

    private func note(_ event: [String: Any]) {
        let parameters = event["params"] as? [String: Any] ?? [:]
        switch event["method"] as? String {
        case "Runtime.consoleAPICalled"?, "Runtime.exceptionThrown"?, "Log.entryAdded"?:
            complaints.append("\(parameters)")
        case "Network.requestWillBeSent"?:
            let request = parameters["request"] as? [String: Any]
            if let url = request?["url"] as? String, url != "about:blank" { requests.append(url) }
        default: break
        }
    }
}

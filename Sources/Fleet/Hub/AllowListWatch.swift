import Base
import Security

/// Looks at an allow-list about once a second, on a thread of its own: its file system may be slow.
final class AllowListWatch: Sendable {
    enum Change: Sendable {
        case list(AllowList)
        /// It cannot be used: the one before stays in force.
        case damaged(String)
    }

    private static let interval = Duration.seconds(1)

    private let end = Mailbox<Never>(capacity: 1)
    private let thread: RoleThread

    /// - Parameter tell: called on the thread of the watch, once for each change.
    init(_ credentials: LearnerCredentials, tell: @escaping @Sendable (Change) -> Void) {
        let end = end
        thread = RoleThread(name: "allow-list") {
            var watcher = Watcher(credentials)
            while !end.isExhausted {
                _ = end.receive(timeout: Self.interval)
                if let change = watcher.look() { tell(change) }
            }
        }
    }

    /// Ends it.
    func close() {
        end.close()
        thread.join(timeout: .seconds(5))
    }

    /// What is known of the list.
    struct Watcher {
        private let folder: AllowListFolder
        private var list: AllowList
        private var seen: AllowListFolder.Look?
        private var complaint: String?

        init(_ credentials: LearnerCredentials) {
            (folder, list, seen) = (credentials.folder, credentials.allowed, credentials.look)
        }

        /// What has changed since the last look; nil if nothing.
        mutating func look() -> Change? {
            do {
                let look = try folder.look()
                guard look != seen || complaint != nil else { return nil }
                let read = try folder.read()
                seen = read.look
                complaint = nil
                guard read.list != list else { return nil }
                list = read.list
                return .list(list)
            } catch {
                let text = "\(error)"
                guard text != complaint else { return nil }
                complaint = text
                return .damaged(text)
            }
        }
    }
}

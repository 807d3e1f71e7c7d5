internal import Base
internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reading and writing files of keys: who may read or change them is looked at, on the file that is open.
enum PrivateFile {
    /// No key is longer.
    private static let limit = 64 << 10

    /// What a file may allow others.
    enum Rule {
        /// Nobody else may read it. A file of root that a group may read is taken by others than root, as Kubernetes
        /// gives it to processes that do not run as root.
        case secret
        /// Nobody else may change it.
        case trusted
        case none
    }

    /// Reads a file.
    ///
    /// - Throws: ``SecurityError``.
    static func read(_ path: String, _ rule: Rule) throws(SecurityError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failed("read", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failed("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .file(path: path, operation: "read", reason: "no file") }
        switch rule {
        case .secret:
            if let error = problem(
                ofSecret: path, mode: UInt16(status.st_mode & 0o7777), owner: status.st_uid, user: geteuid())
            {
                throw error
            }
        case .trusted: try checkUnchangeable(path, status)
        case .none: break
        }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count <= limit {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failed("read", path) }
            if got == 0 { break }
            count += got
        }
        guard count <= limit else { throw .notAKey(path: path, problem: "is too long for a key") }
        return Array(bytes.prefix(count))
    }

    /// What is wrong with the permissions of a file with a secret; nil if nothing.
    static func problem(ofSecret path: String, mode: UInt16, owner: UInt32, user: UInt32) -> SecurityError? {
        // As PostgreSQL has it: own files are for oneself alone; root may share one with a group that it gives us.
        let allowed: UInt16 = owner == 0 && user != 0 ? 0o640 : 0o600
        guard owner == user || owner == 0 || user == 0 else {
            return .notAKey(path: path, problem: "holds a secret, but belongs to another user: make a key of your own")
        }
        return mode & 0o077 & ~allowed == 0 ? nil : .readableByOthers(path: path, mode: mode)
    }

    /// Checks that nobody else can change a file or folder; one on a file system that is mounted to be read only cannot
    /// be changed, whatever its mode.
    static func checkUnchangeable(_ path: String) throws(SecurityError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failed("read", path) }
        try checkUnchangeable(path, status)
    }

    private static func checkUnchangeable(_ path: String, _ status: stat) throws(SecurityError) {
        guard status.st_mode & 0o022 != 0 else { return }
        var system = statvfs()
        if statvfs(path, &system) == 0, system.f_flag & UInt(ST_RDONLY) != 0 { return }
        throw .writableByOthers(path: path, mode: UInt16(status.st_mode & 0o7777))
    }

    /// Makes a file that must not be there yet, with this mode whatever the umask; on the disk when it returns.
    static func create(_ path: String, _ content: [UInt8], mode: mode_t) throws(SecurityError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failed("write", path) }
        do {
            try write(descriptor, content, path, mode)
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
        close(descriptor)
    }

    /// Puts a file in its place as a whole, in place of one that is there.
    static func replace(_ path: String, _ content: [UInt8], mode: mode_t) throws(SecurityError) {
        let url = URL(filePath: path)
        let temporary = url.deletingLastPathComponent()
            .appending(path: ".\(url.lastPathComponent).tmp-\(getpid())").path
        unlink(temporary)
        try create(temporary, content, mode: mode)
        guard rename(temporary, path) == 0 else {
            let error = failed("write", path)
            unlink(temporary)
            throw error
        }
    }

    /// Makes a folder, and those above it, that others cannot change.
    static func makeFolder(_ path: String) throws(SecurityError) {
        if try isThere(making: path) { return }
        let parent = URL(filePath: path).deletingLastPathComponent().path
        guard parent != path, !parent.isEmpty else { throw failed("make", path) }
        try makeFolder(parent)
        // What is above it may be a link to nothing, or gone again.
        guard try isThere(making: path) else { throw failed("make", path) }
    }

    /// Makes one folder; whether it is there now. It is not where there is no folder to make it in.
    private static func isThere(making path: String) throws(SecurityError) -> Bool {
        if mkdir(path, 0o755) == 0 {
            guard chmod(path, 0o755) == 0 else { throw failed("make", path) }
            return true
        }
        guard errno == EEXIST || errno == ENOENT else { throw failed("make", path) }
        return errno == EEXIST
    }

    private static func write(
        _ descriptor: Int32, _ content: [UInt8], _ path: String, _ mode: mode_t
    ) throws(SecurityError) {
        guard fchmod(descriptor, mode) == 0 else { throw failed("write", path) }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed("write", path) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw failed("write", path) }
    }

    private static func failed(_ operation: String, _ path: String) -> SecurityError {
        .file(path: path, operation: operation, reason: FileProblem.reason(ofCode: errno))
    }
}

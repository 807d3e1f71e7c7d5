package import Foundation

/// Whether a file system is shared by several machines, or handed through from one.
package enum NetworkFileSystem {
    /// The kinds as Linux names them; those of FUSE begin with "fuse".
    private static let kinds: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "9p", "virtiofs", "afs", "coda",
        "ocfs2", "gfs2", "panfs", "orangefs", "pvfs2", "vboxsf", "glusterfs", "wekafs",
    ]

    /// Whether `folder` stands on one; false where the system does not tell.
    package static func holds(_ folder: URL) -> Bool {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return false }
        let path = folder.absoluteURL.standardizedFileURL.resolvingSymlinksInPath().path
        return kind(ofPath: path, mounts: mounts).map(isNetwork(kind:)) ?? false
    }

    /// Whether a name such as "nfs4" is that of a network file system.
    package static func isNetwork(kind: String) -> Bool { kinds.contains(kind) || kind.hasPrefix("fuse") }

    /// The kind of the file system of a path; nil if no mount holds it.
    /// - Parameter mounts: the table of the system: device, folder and kind on each line, the latest of a folder
    ///   counts.
    package static func kind(ofPath path: String, mounts: String) -> String? {
        var found: (length: Int, kind: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 3 else { continue }
            let folder = fields[1].replacing("\\040", with: " ").replacing("\\011", with: "\t")
                .replacing("\\012", with: "\n").replacing("\\134", with: "\\")
            let holds = folder == "/" || path == folder || path.hasPrefix(folder + "/")
            if holds, folder.utf8.count >= found?.length ?? 0 { found = (folder.utf8.count, String(fields[2])) }
        }
        return found?.kind
    }
}

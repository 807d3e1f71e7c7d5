import ArgumentParser
import Base
import Fleet
import Foundation
import Security
import Transport

/// `druse keys`: who may take part in a run.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Keys for runs on several machines: make, allow, list and revoke them.",
        discussion: """
            With keys everything between a learner and its peers is encrypted, peers talk to the right learner alone, \
            and a learner lets in the keys on its allow-list alone. Example, where the learner runs: \
            druse keys new --learner -o keys; druse keys new worker -o keys --allow; \
            learner --config run.yaml --listen 'tcp://*:5555' --keys keys. On another machine, with worker.key and \
            learner.pub in the folder keys: actor --connect tcp://node1:5555 --keys keys. \
            More: Documentation/security.md.
            """, subcommands: [New.self, List.self, Allow.self, Revoke.self])

    /// `druse keys new`.
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key: NAME.key, for its owner alone, and NAME.pub, to be shared.")

        @Argument(help: "The name of the key.")
        var name: String?

        @Flag(help: "A learner's key, learner.key and learner.pub, and an empty allow-list.")
        var learner = false

        @Option(help: "What its owner may be: \(KeyRole.ofPeers.map(\.rawValue).joined(separator: ", ")).")
        var role: KeyRole?

        @Flag(help: "Allow it at once: put it on the allow-list of the folder.")
        var allow = false

        @Option(name: [.short, .long], help: ArgumentHelp("Where to put it.", valueName: "folder"))
        var output = "keys"

        func validate() throws {
            guard learner != (name != nil) else {
                throw ValidationError("give the name of a key, or --learner for a learner's")
            }
            if learner, role != nil || allow { throw ValidationError("--role and --allow are for the keys of peers") }
            if role == .learner { throw ValidationError("for a learner's key give --learner") }
            guard !output.isEmpty else { throw ValidationError("--output is empty: name a folder") }
            if let name, let problem = KeyName.problem(of: name) { throw ValidationError(problem) }
            if name == KeyName.learner { throw ValidationError("for a learner's key give --learner") }
        }

        func run() {
            RoleProcess.perform {
                let folder = KeyFolder(path: output)
                if allow, !folder.holdsLearner {
                    throw SecurityError.problem(
                        "--allow: \(output) holds no learner.key, so its allow-list is nobody's; where the learner's "
                            + "keys are: druse keys allow KEYS \(name ?? "NAME").pub")
                }
                let role = learner ? KeyRole.learner : role ?? .any
                let record = KeyRecord(
                    name: name ?? KeyName.learner, role: role, pair: try CurveEnd.makePair(), created: KeyRecord.today)
                let paths = try folder.write(record)
                try RoleProcess.answer("\(paths.secret): secret, stays with its owner")
                try RoleProcess.answer("\(paths.shared): to be shared, public key \(record.publicKey)")
                if allow {
                    try folder.allowed.allow(record, as: role)
                    try RoleProcess.answer("allowed: \(record.name), \(role.rawValue)")
                }
                return ExitStatus.complete.rawValue
            }
        }
    }

    /// `druse keys list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys that may take part: name, role, public key, when it was made.")

        @Argument(help: "The folder of a learner's keys, or an allow-list.")
        var place: String

        func run() {
            RoleProcess.perform {
                let folder = AllowListFolder.find(place)
                let records = try folder.records()
                if records.isEmpty { try RoleProcess.answer("\(folder.path) has no keys: nobody can take part") }
                let width = records.map(\.name.count).max() ?? 0
                for record in records {
                    let name = record.name.padding(toLength: width, withPad: " ", startingAt: 0)
                    let role = record.role.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0)
                    try RoleProcess.answer("\(name)  \(role)  \(record.publicKey)  \(record.created)")
                }
                return ExitStatus.complete.rawValue
            }
        }
    }

    /// `druse keys allow`.
    struct Allow: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the owner of a key take part; a running learner knows within seconds.")

        @Argument(help: "The folder of a learner's keys, or an allow-list.")
        var place: String

        @Argument(help: "The public key, NAME.pub.")
        var key: String

        @Option(
            help: ArgumentHelp(
                "What its owner may be: \(KeyRole.ofPeers.map(\.rawValue).joined(separator: ", ")); else what the key "
                    + "says."))
        var role: KeyRole?

        func validate() throws {
            if role == .learner { throw ValidationError("no allow-list takes a learner") }
        }

        func run() {
            RoleProcess.perform {
                let record = try KeyFolder.publicRecord(key)
                let role = role ?? record.role
                let folder = AllowListFolder.find(place)
                try folder.allow(record, as: role)
                try RoleProcess.answer("allowed: \(record.name), \(role.rawValue), in \(folder.path)")
                return ExitStatus.complete.rawValue
            }
        }
    }

    /// `druse keys revoke`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shut the owner of a key out; a running learner drops it within seconds.")

        @Argument(help: "The folder of a learner's keys, or an allow-list.")
        var place: String

        @Argument(help: "The name of the key.")
        var name: String

        func run() {
            RoleProcess.perform {
                let folder = AllowListFolder.find(place)
                try folder.revoke(name)
                try RoleProcess.answer("revoked: \(name), in \(folder.path)")
                return ExitStatus.complete.rawValue
            }
        }
    }
}

extension KeyRole: ExpressibleByArgument {}

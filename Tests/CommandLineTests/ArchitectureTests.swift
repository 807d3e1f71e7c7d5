import Foundation
import ProgramFixtures
import Testing

/// The table of modules in ARCHITECTURE.md against the package's own list.
@Suite struct ArchitectureTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: repository.appending(path: name), encoding: .utf8)
    }

    /// What each target of `Sources` depends on, packages left out.
    private static func dependencies() throws -> [String: Set<String>] {
        let targets = try text("Package.swift").split(
            separator: /\.(?:executableTarget|target|systemLibrary|testTarget)\(\s*name:\s*/)
        var found: [String: Set<String>] = [:]
        for target in targets {
            guard let name = target.prefixMatch(of: /"([^"]+)"/)?.output.1 else { continue }
            let list = target.firstMatch(of: /(?s)dependencies: \[(.*?)\](?:,|\))/)?.output.1 ?? ""
            let own = String(list).replacing(/\.product\([^)]*\)/, with: "")
            found[String(name)] = Set(own.matches(of: /"([^"]+)"/).map { String($0.output.1) })
        }
        return found
    }

    /// All that something stands on, at any depth.
    private static func closure(_ start: Set<String>, _ dependencies: [String: Set<String>]) -> Set<String> {
        var found: Set<String> = []
        var left = start
        while let name = left.popFirst() {
            if found.insert(name).inserted { left.formUnion(dependencies[name] ?? []) }
        }
        return found
    }

    @Test func modules_areThoseOfThePackage_eachBelowAllThatStandOnIt() throws {
        let dependencies = try Self.dependencies()
        let modules = try FileManager.default.contentsOfDirectory(atPath: Self.source(""))
        let libraries = Set(
            modules.filter { FileManager.default.fileExists(atPath: Self.source("\($0)/module.modulemap")) })
        #expect(dependencies.count > 40 && dependencies["Fleet"]?.contains("Transport") == true)
        let table = try Self.text("ARCHITECTURE.md").split(separator: "| module | owns | stands on |", maxSplits: 1)[1]
        let rows = table.split(separator: "\n").dropFirst().prefix { $0.hasPrefix("|") }.map { row in
            row.dropFirst().dropLast().components(separatedBy: " | ")
        }
        var below: Set<String> = []
        for row in rows.reversed() {
            let names = Set(row[0].matches(of: /`([^`]+)`/).map { String($0.output.1) })
            let told = Set(row[2].matches(of: /[A-Za-z]\w*/).map { String($0.output) })
            let real = names.reduce(into: Set<String>()) { $0.formUnion(dependencies[$1] ?? []) }
            #expect(!names.isEmpty && names.isSubset(of: dependencies.keys), "\(names)")
            let wanted = Self.closure(real, dependencies).subtracting(names)
            #expect(Self.closure(told, dependencies).subtracting(names) == wanted, "what \(names) stand on")
            let ours = wanted.subtracting(libraries)
            #expect(ours.isSubset(of: below), "\(names) stand above \(ours.subtracting(below))")
            below.formUnion(names)
        }
        #expect(Set(modules).subtracting(libraries) == below)
    }

    /// What `print` writes may be lost without a word: a full disk, a reader that has gone.
    @Test func sources_writeNothingThatMayBeLostUnseen() throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: Self.source(""))
            .filter { $0.hasSuffix(".swift") && !$0.contains("/Generated/") }
        #expect(files.count > 500)
        for file in files {
            let lines = try Self.text("Sources/\(file)").split(separator: "\n").filter {
                !$0.contains("///") && !$0.contains("func print(") && $0.contains(/(?:^|Swift\.|[^.\w])print\(/)
            }
            #expect(lines.isEmpty, "\(file): write by StandardOutput")
        }
    }

    private static func source(_ module: String) -> String { repository.appending(path: "Sources/\(module)").path }
}

internal import Foundation
internal import HTTP

/// The files of the page that come with the program.
struct PageAssets: Sendable {
    private let files: [String: (type: String, data: Data)]

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
    ]
    /// All of them; nothing else is ever served from a disk.
    private static let names = [
        "page.html", "page.css", "page.js", "plots.js", "fleet.js", "crystals.js", "solid.js", "table.js", "text.js",
        "compare.js", "icon.svg",
    ]

    /// - Throws: ``PageError/resource(name:)``.
    init() throws(PageError) {
        var files: [String: (type: String, data: Data)] = [:]
        for name in Self.names {
            let parts = name.split(separator: ".").map(String.init)
            guard
                let url = Bundle.module.url(forResource: parts[0], withExtension: parts[1], subdirectory: "Resources"),
                let data = try? Data(contentsOf: url), let type = Self.types[parts[1]]
            else { throw .resource(name: name) }
            files[name] = (type, data)
        }
        self.files = files
    }

    func response(_ name: String) -> HTTPResponse? {
        guard let file = files[name] else { return nil }
        // A newer build has other files under the same names.
        return HTTPResponse(type: file.type, headers: [("Cache-Control", "no-cache")], body: .data(file.data))
    }
}

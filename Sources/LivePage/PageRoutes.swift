internal import Base
internal import Foundation
internal import HTTP
internal import Trajectories

/// What the page's addresses answer. There is nothing here that changes anything.
struct PageRoutes: Sendable {
    let runs: [RunView]
    private let access: PageAccess
    private let assets: PageAssets
    private let build: String

    /// How often viewers are told of news.
    private static let newsInterval: Duration = .seconds(1)
    /// A line without content keeps proxies from closing a connection that is silent.
    private static let silenceLimit: Duration = .seconds(15)

    /// - Throws: ``PageError/resource(name:)``.
    init(runs: [RunView], access: PageAccess, build: String) throws(PageError) {
        self.runs = runs
        self.access = access
        self.build = build
        assets = try PageAssets()
    }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let isOpen = request.path == "/page.css" || request.path == "/icon.svg"
        switch access.decide(request) {
        case .allowed: break
        case .welcome(let cookie):
            let place = request.path.hasPrefix("/api/") ? request.path : "/"
            return HTTPResponse(
                .seeOther, headers: [("Location", place), ("Set-Cookie", cookie), ("Cache-Control", "no-store")],
                body: .data(Data()))
        case .foreignHost: return HTTPResponse(.forbidden, text: "this page is seen at localhost or 127.0.0.1 only")
        case .asksForToken where !isOpen: return question(request)
        case .asksForToken: break
        }
        if request.path == "/" { return assets.response("page.html") ?? HTTPResponse(.notFound, text: "no page") }
        let parts = request.path.split(separator: "/").map(String.init)
        if parts.first == "api" { return document(Array(parts.dropFirst()), request) }
        let asset = parts.count == 1 ? assets.response(parts[0]) : nil
        return asset ?? HTTPResponse(.notFound, text: "there is nothing at \(request.path.prefix(80))")
    }

    /// Asks for the token: a program in a line, a person by a field.
    private func question(_ request: HTTPRequest) -> HTTPResponse {
        guard request.path == "/" else { return HTTPResponse(.unauthorized, text: "a token is needed") }
        let failed = request.query["token"] == nil ? "" : "<p role=\"alert\">That was not the token.</p>"
        let page = """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Druse</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="stylesheet" href="/page.css"><link rel="icon" href="/icon.svg"></head>
            <body class="door"><main><h1>Druse</h1>\(failed)
            <form action="/" method="get"><label for="token">The token that was printed with this address</label>
            <input id="token" name="token" type="password" autocomplete="off" required autofocus>
            <button type="submit">Show the run</button></form></main></body></html>
            """
        return HTTPResponse(
            .unauthorized, type: "text/html; charset=utf-8", headers: [("Cache-Control", "no-store")],
            body: .data(Data(page.utf8)))
    }

    private func document(_ path: [String], _ request: HTTPRequest) -> HTTPResponse {
        if path == ["runs"] { return HTTPResponse(json: overviews().line) }
        if path == ["events"] {
            return HTTPResponse(
                type: "text/event-stream", headers: [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")],
                body: .stream { events(on: $0) })
        }
        guard path.count >= 3, path[0] == "runs", let run = runs.first(where: { $0.key == path[1] }) else {
            return HTTPResponse(.notFound, text: "there is no such run")
        }
        if let json = run.document(Array(path.dropFirst(2)), request.query) { return HTTPResponse(json: json.line) }
        switch path[2] {
        case "config": return HTTPResponse(body: .data(Data(run.configuration.utf8)))
        case "crystals":
            guard path.count == 4, path[3].hasSuffix(".cif"), let id = CrystalID(String(path[3].dropLast(4))),
                let cif = run.cif(id)
            else { return HTTPResponse(.notFound, text: "there is no such crystal") }
            return HTTPResponse(
                type: "chemical/x-cif",
                headers: [("Content-Disposition", "attachment; filename=\"\(cif.name)\"")],
                body: .data(Data(cif.text.utf8)))
        default: return HTTPResponse(.notFound, text: "there is no such document")
        }
    }

    private func overviews() -> JSONValue {
        .object([("build", .text(build)), ("runs", .list(runs.map { $0.overview().json }))])
    }

    /// Tells a viewer of each change until one of them goes.
    private func events(on stream: HTTPStream) {
        var told = ""
        var silentSince = ContinuousClock.now
        guard stream.write(Data("retry: 3000\n\n".utf8)) else { return }
        repeat {
            let text = overviews().line
            if text != told {
                told = text
                silentSince = .now
                guard stream.write(Data("event: runs\ndata: \(text)\n\n".utf8)) else { return }
            } else if ContinuousClock.now - silentSince > Self.silenceLimit {
                silentSince = .now
                guard stream.write(Data(": nothing new\n\n".utf8)) else { return }
            }
        } while stream.pause(Self.newsInterval)
        // The process ends with its run: what it held is told by the directory.
        if stream.isStopped { _ = stream.write(Data("event: end\ndata: {}\n\n".utf8)) }
    }
}

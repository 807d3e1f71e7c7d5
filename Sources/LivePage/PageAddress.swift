internal import Base

/// Where the page can be seen: `HOST:PORT`, `PORT` alone for this machine's loopback interface.
package struct PageAddress: Sendable, Hashable, CustomStringConvertible {
    /// As it was given, for people.
    package let host: String
    /// The address to bind to.
    let bindingHost: String
    /// 0: the usual one, or any that is free.
    package let port: Int

    /// Taken where no port is named and nobody else has it.
    package static let usualPort = 8642

    init(host: String, bindingHost: String, port: Int) {
        self.host = host
        self.bindingHost = bindingHost
        self.port = port
    }

    /// Reads an address; of an empty text it is any port of the loopback interface.
    ///
    /// - Throws: ``PageError`` that quotes the text and shows a good one.
    package init(_ text: String) throws(PageError) {
        let bare = text.hasPrefix("http://") ? String(text.dropFirst(7).prefix { $0 != "/" }) : text
        let isPort = !bare.isEmpty && bare.allSatisfy { $0.isASCII && $0.isNumber }
        let full = bare.isEmpty ? "127.0.0.1:0" : isPort ? "127.0.0.1:\(bare)" : bare
        do {
            let asked = try Endpoint("tcp://\(full)")
            guard case .tcp(let host, let port) = asked.transport,
                case .tcp(let binding, _) = try asked.listening().transport
            else { throw PageError.address(text: text, reason: "it is no host and port") }
            self.init(host: host, bindingHost: binding == "*" ? "0.0.0.0" : binding, port: port)
        } catch let error as EndpointError {
            throw .address(text: text, reason: error.problem)
        } catch let error as PageError { throw error } catch {
            throw .address(text: text, reason: "\(error)")
        }
    }

    /// Arguments in which `--page` alone stands for any port of the loopback interface.
    package static func completing(_ arguments: some Sequence<String>) -> [String] {
        var completed: [String] = []
        for argument in arguments {
            if completed.last == "--page", argument.hasPrefix("-") { completed.append("127.0.0.1:0") }
            completed.append(argument)
        }
        if completed.last == "--page" { completed.append("127.0.0.1:0") }
        return completed
    }

    /// Whether only this machine can connect.
    package var isLocal: Bool { (try? Endpoint(.tcp(host: bindingHost, port: port)).isLocal()) ?? false }

    /// Where a browser finds it, other machines' included where it listens for them.
    package var url: String {
        let outward = Endpoint(.tcp(host: bindingHost, port: port)).fromAnywhere
        guard case .tcp(let reached, _) = outward.transport else { return "http://\(self)/" }
        return "http://\(host == bindingHost || host == "*" ? reached : host):\(port)/"
    }

    package var description: String { "\(host):\(port)" }
}

/// Why there is no page.
package enum PageError: LastingError, Sendable, Hashable, CustomStringConvertible {
    case address(text: String, reason: String)
    case listening(address: String, reason: String)
    case token(reason: String)
    case resource(name: String)
    case noRun(path: String)
    case connection(address: String, reason: String)

    package var description: String {
        switch self {
        case .address(let text, let reason):
            "\"\(text.prefix(80))\" is no address for the page: \(reason). Write it like 8642 or 127.0.0.1:8642"
        case .listening(let address, let reason):
            "the page cannot listen at \(address): \(reason); name another address or port"
        case .token(let reason): "the page's token \(reason)"
        case .resource(let name):
            "\(name), a part of the page, is missing beside the program: install the folder druse_LivePage.resources"
        case .noRun(let path): "\(path) holds no run, and no folder in it does"
        case .connection(let address, let reason): "no page answers at \(address): \(reason)"
        }
    }
}

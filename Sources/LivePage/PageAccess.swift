internal import Foundation
internal import HTTP

/// Who may see the page.
///
/// On the loopback interface everybody of this machine, unless a token is asked for; beyond it only who has the token.
/// It comes in the address (`?token=`), which is answered by a cookie and the address without it, or in the header
/// `Authorization: Bearer`.
package struct PageAccess: Sendable {
    /// nil: none is asked for.
    let token: String?
    /// Cookies know hosts, not ports: pages at several ports need names of their own.
    private let cookieName: String

    /// A token that is shorter can be guessed.
    private static let shortestToken = 16
    /// A day, s.
    private static let cookieAge = 86_400

    /// - Parameters:
    ///   - token: The token to ask for; nil: one is made where other machines can connect.
    /// - Throws: ``PageError/token(reason:)``.
    package init(address: PageAddress, token: String?) throws(PageError) {
        if let token {
            guard token.utf8.count >= Self.shortestToken else {
                throw .token(reason: "has fewer than \(Self.shortestToken) characters: it could be guessed")
            }
            guard token.utf8.allSatisfy({ Self.isPlain($0) }) else {
                throw .token(reason: "may have letters, digits, - and _ only")
            }
        }
        self.token = token ?? (address.isLocal ? nil : Self.newToken())
        cookieName = "druse-page-\(address.port)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// 128 random bits.
    package static func newToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    enum Decision: Equatable {
        case allowed
        /// The token came in the address: it is put into a cookie, and taken out of the address.
        case welcome(cookie: String)
        case asksForToken
        /// Another site has its name point here.
        case foreignHost
    }

    func decide(_ request: HTTPRequest) -> Decision {
        guard let token else {
            // A site that has its own name point to this machine could read the page through a visitor's browser.
            return Self.isOwnHost(request.headers["host"]) ? .allowed : .foreignHost
        }
        if let given = request.query["token"] {
            guard Self.equal(given, token) else { return .asksForToken }
            return .welcome(
                cookie: "\(cookieName)=\(token); Path=/; Max-Age=\(Self.cookieAge); HttpOnly; SameSite=Strict")
        }
        let bearer = request.headers["authorization"].flatMap { value in
            value.lowercased().hasPrefix("bearer ") ? String(value.dropFirst(7)) : nil
        }
        if let bearer, Self.equal(bearer, token) { return .allowed }
        if let cookie = request.cookie(cookieName), Self.equal(cookie, token) { return .allowed }
        return .asksForToken
    }

    /// Whether a request names this machine, by a name that no other site can have.
    private static func isOwnHost(_ header: String?) -> Bool {
        guard let header, !header.isEmpty else { return false }
        let host =
            header.hasPrefix("[") ? String(header.prefix { $0 != "]" }) + "]" : String(header.prefix { $0 != ":" })
        return host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
            || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }

    /// Compares in a time that does not tell how much is right.
    static func equal(_ given: String, _ token: String) -> Bool {
        let (left, right) = (Array(given.utf8), Array(token.utf8))
        var difference = left.count == right.count ? 0 : 1
        for (index, byte) in right.enumerated() {
            difference |= Int(byte ^ (left.isEmpty ? 0xff : left[index % left.count]))
        }
        return difference == 0
    }
}

internal import Base
internal import Configuration
package import Coordination

extension ListeningRule {
    /// - Throws: ``ConfigurationError`` if a learner may not listen at this place.
    package static func check(_ listen: String, isInsecure: Bool, hasKeys: Bool = false) throws {
        let endpoint = try Endpoint(listen)
        let transport =
            "\(listen) is not a place to listen at: actors and reward workers connect by TCP, such as to "
            + "tcp://127.0.0.1:5555"
        let rule = problem(of: endpoint, isInsecure: isInsecure, hasKeys: hasKeys)
        if let problem = endpoint.port == nil ? transport : rule {
            throw ConfigurationError(source: "listen", problems: [problem])
        }
    }
}

package import Base
package import Foundation

/// What a learner says where it listens: the content of `endpoint.json` in its run directory.
package struct EndpointFile: Codable, Sendable, Hashable {
    /// Where other processes reach it.
    package var endpoint: String
    /// Other addresses of its machine, to be tried where that one does not answer; earlier builds did not write them.
    package var also: [String]?
    /// The identity of its run.
    package var run: String
    package var process: Int32

    package init(endpoint: String, also: [String]? = nil, run: String, process: Int32) {
        self.endpoint = endpoint
        self.also = also
        self.run = run
        self.process = process
    }
}

/// Where a peer finds its learner, as an endpoint file says.
package struct LearnerPlace: Sendable, Hashable {
    /// To be tried in turn; never empty.
    package let endpoints: [Endpoint]
    /// The run whose learner is expected there; nil: any.
    package let run: String?
    /// Its process: another one is another life of the learner.
    package let process: Int32?

    /// A place of which nothing else is known.
    package init(_ endpoint: Endpoint) {
        endpoints = [endpoint]
        run = nil
        process = nil
    }

    /// Reads the content of an endpoint file.
    ///
    /// - Throws: ``EndpointFileProblem`` if it is not, or not yet, one that can be used.
    package init(content: Data) throws(EndpointFileProblem) {
        let file: EndpointFile
        do {
            file = try JSONDecoder().decode(EndpointFile.self, from: content)
        } catch { throw EndpointFileProblem("it is damaged, or not written to its end") }
        do throws(EndpointError) {
            var endpoints: [Endpoint] = []
            for text in [file.endpoint] + (file.also ?? []).prefix(Self.limit) { endpoints.append(try Endpoint(text)) }
            self.endpoints = endpoints
        } catch { throw EndpointFileProblem("\(error)") }
        if let endpoint = endpoints.first(where: { !$0.isDefinite }) {
            throw EndpointFileProblem("\(endpoint) in it is nothing to connect to")
        }
        run = file.run
        process = file.process
    }

    /// No more addresses than these are tried beside the first.
    private static let limit = 16
}

/// Why an endpoint file does not say where the learner is, in words that follow the file's name.
package struct EndpointFileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

internal import Configuration

/// How sampling and training take turns in a run.
package enum RunMode: String, ConfigurationValue, CaseIterable {
    /// A step's crystals are sampled by the version that it begins with, and nothing is sampled while it is made: the
    /// mode of the paper, and of results that are the same to the last bit however many processes take part.
    case synchronous
    /// Sampling, measuring and training overlap: a step takes crystals as soon as there are enough of them, of versions
    /// up to `max_staleness` older than its own.
    case asynchronous
}

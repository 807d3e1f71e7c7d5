/// A moment, from the injected clock.
package typealias Moment = ContinuousClock.Instant

import ShoalBase

/// How a peer deals with a tracker.
package struct TrackerClientConfiguration: Sendable, Equatable {
  /// How often to register while the tracker has not said: it forgets a peer after three times its own interval.
  package var interval: Nanoseconds = 60 * .second
  /// What a tracker may ask the interval to be: neither a flood nor hours of silence.
  package var intervals: ClosedRange<Nanoseconds> = (10 * .second)...(600 * .second)
  /// The least time between two UPDATEs of a file, but for those that finish what did not fit into one datagram.
  package var updateInterval: Nanoseconds = .second
  /// The wait for the answer to a first try; it doubles with each further try (BEP 15 does the same from 15 s).
  package var firstRetry: Nanoseconds = .second
  /// The wait for the answer to a farewell when all is being ended.
  package var farewellRetry: Nanoseconds = 250 * .millisecond
  /// The longest wait: a tracker that comes back is found within a minute.
  package var lastRetry: Nanoseconds = 60 * .second
  /// How long a cookie is used after it was asked for. A tracker takes it for 120 s at least.
  package var cookieAge: Nanoseconds = 90 * .second
  /// The most addresses of one tracker.
  package var addresses = 8
  /// How long CONNECT to one address waits for an answer before the next is asked too: RFC 8305 section 5.
  package var nextAddress: Nanoseconds = 250 * .millisecond
  /// After so many tries without answer a tracker is sought at its other addresses. One try may just be lost.
  package var triesBeforeOthers = 2
  /// The most MAPs for the chunks of one peer: a tracker that tells few at a time must not be asked for ever. One that
  /// fills its answers tells 1,024 of the most fragmented map at least, which is enough for the largest file.
  package var mapPages = 4_096
  /// The requests that wait for an answer at a time: a thousand files must not flood a tracker that starts again.
  package var requestsInFlight = 4

  /// The defaults.
  package init() {}
}

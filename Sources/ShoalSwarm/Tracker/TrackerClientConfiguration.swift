import ShoalBase

/// How a peer deals with a tracker.
package struct TrackerClientConfiguration: Sendable, Equatable {
  /// How often to register until the tracker has given its interval; a tracker forgets a peer after three intervals.
  package var interval: Nanoseconds = 60 * .second
  /// The intervals that a tracker may ask for: neither a flood nor hours of silence.
  package var intervals: ClosedRange<Nanoseconds> = (10 * .second)...(600 * .second)
  /// The least time between two UPDATEs of a file, except for those that finish what did not fit into one datagram.
  package var updateInterval: Nanoseconds = .second
  /// The wait for the answer to a first try; it doubles with each further try (BEP 15 does the same from 15 s).
  package var firstRetry: Nanoseconds = .second
  /// The wait for the answer to a DEREGISTER when everything is being ended.
  package var farewellRetry: Nanoseconds = 250 * .millisecond
  /// The longest wait: a tracker that comes back is noticed within a minute.
  package var lastRetry: Nanoseconds = 60 * .second
  /// How long a cookie is used after it was asked for. A tracker accepts it for at least 120 s.
  package var cookieAge: Nanoseconds = 90 * .second
  /// The most addresses of one tracker.
  package var addresses = 8
  /// How long CONNECT to one address waits for an answer before the next address is asked too: RFC 8305 section 5.
  package var nextAddress: Nanoseconds = 250 * .millisecond
  /// After how many unanswered tries a tracker is looked for at its other addresses. A single try may just be lost.
  package var triesBeforeOthers = 2
  /// The most MAPs for the chunks of one peer: a tracker that returns few at a time must not be asked for ever. One
  /// that fills its answers returns at least 1,024 chunks of the most fragmented map in each, which is enough for the
  /// largest file.
  package var mapPages = 4_096
  /// How many peers a REGISTER or UPDATE asks for: about as many as a reply holds, unless they have IPv6 addresses.
  package var wantedPeers: UInt8 = 150
  /// The time over which all files are registered again when a tracker has lost its registrations.
  package var anewWithin: Nanoseconds = 2 * .second
  /// The most requests that wait for an answer at a time: a thousand files must not flood a tracker that has just
  /// restarted.
  package var requestsInFlight = 4

  /// The defaults.
  package init() {}
}

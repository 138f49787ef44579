import ShoalBase

/// When to look for registrations that have fallen silent. All are looked at in turn, a few at a time: so entries need
/// no order, and a renewal touches only its own entry.
struct ExpirySweep {
  /// When to look next, in milliseconds of the clock; `Int64.max` if nothing is registered.
  fileprivate(set) var due = Int64.max
  /// The next entry to look at in this pass.
  fileprivate var hand = 0
  fileprivate var began: Int64 = 0
  /// Of the peers seen in this pass, when the one silent for longest was last heard from.
  fileprivate var least = Int64.max
  /// The most entries that are looked at, and the most that are ended, at once: they take about 20 and 300 µs.
  fileprivate static let mostSeen = 4_096, mostEnded = 256

  /// Something was registered or renewed.
  mutating func touched(at now: Instant, silence: Nanoseconds) {
    if due == .max { due = now.milliseconds + silence / .millisecond }
  }

  fileprivate mutating func pause(_ now: Int64) { due = now }

  /// Ends a pass over this many entries.
  fileprivate mutating func end(_ now: Int64, silence: Int64, count: Int, entries: Int) {
    // Passes begin at least a microsecond per entry apart, and so take less than a hundredth of the time.
    due = count == 0 ? .max : max(min(least, now) + silence, began + Int64(entries) / 1_000)
    hand = 0
  }
}

extension Registry {
  /// Ends the next few registrations that have been silent for too long, and says which, and for how long.
  mutating func expire(at now: Instant) -> [(key: RegistrationKey, silence: Nanoseconds)] {
    let (clock, silence) = (awake(now).milliseconds, configuration.silence / .millisecond)
    var ended: [(RegistrationKey, Nanoseconds)] = []
    guard expiry.due <= clock else { return ended }
    if expiry.hand == 0 { (expiry.began, expiry.least) = (clock, .max) }
    let end = min(entries.count, expiry.hand + ExpirySweep.mostSeen)
    while expiry.hand < end, ended.count < ExpirySweep.mostEnded {
      let index = UInt32(expiry.hand)
      expiry.hand += 1
      guard entries[index].label != chainEnd else { continue }
      let silent = Int64(UInt32(truncatingIfNeeded: clock) &- entries[index].heard)
      if silent >= silence {
        ended.append((key(index), silent * .millisecond))
        remove(index)
      } else {
        expiry.least = min(expiry.least, clock - silent)
      }
    }
    if expiry.hand < entries.count {
      expiry.pause(clock)
    } else {
      expiry.end(clock, silence: silence, count: count, entries: entries.count)
    }
    return ended
  }

  /// The time, without that during which this machine was asleep.
  func awake(_ now: Instant) -> Instant { now - asleep }

  /// When to call `expire` next.
  var deadline: Instant {
    guard expiry.due != .max else { return .distantFuture }
    return .zero + expiry.due.multipliedReportingOverflow(by: .millisecond).partialValue + asleep
  }

  /// How long ago a peer was last heard from.
  func age(_ index: UInt32, at now: Instant) -> Nanoseconds {
    Int64(UInt32(truncatingIfNeeded: awake(now).milliseconds) &- entries[index].heard) * .millisecond
  }
}

/// The rate of the slowest line, by how far apart packets arrive that left together (packet trains; Dovrolis et al.,
/// INFOCOM 2001).
struct Spacing {
  private struct Packet {
    var sequence: Int64
    var sent: UInt32
    var time: Int64
  }

  /// The most samples that are kept.
  private static let most = 1 << 12
  /// Fewer packets are no train: the clock of a capture is no finer than a microsecond.
  private static let least = 3
  private var first: Packet?
  private var last: Packet?
  private var bytes = 0
  private var packets = 0
  private var samples: [Double] = []
  private var taken = 0

  /// Adds a packet that arrives in order.
  mutating func add(_ sequence: Int64, _ length: Int, sent: UInt32, at time: Int64) {
    let packet = Packet(sequence: sequence, sent: sent, time: time)
    defer { last = packet }
    guard let first, let last, sequence > last.sequence, sequence - last.sequence < 16, time > first.time,
      // They left at most half as far apart as they arrived.
      2 * Int64(Int32(bitPattern: sent &- first.sent)) <= time - first.time, sent &- first.sent < 1 << 30,
      2 * Int64(Int32(bitPattern: sent &- last.sent)) <= time - last.time || time == last.time
    else {
      finish()
      (self.first, bytes, packets) = (packet, 0, 1)
      return
    }
    // What was lost on the way may have taken time on the line too.
    bytes += length * Int(sequence - last.sequence)
    packets += 1
    if packets == 64 { finish() }
  }

  private mutating func finish() {
    defer { first = nil }
    guard let first, let last, packets >= Self.least, last.time > first.time else { return }
    taken += 1
    let sample = Double(bytes) / Double(last.time - first.time) * 1e6
    if samples.count < Self.most {
      samples.append(sample)
    } else {
      samples[taken % Self.most] = sample
    }
  }

  /// Bytes of UDP payload per second; nil if hardly any packets left together.
  var rate: Double? {
    guard samples.count >= 5 else { return nil }
    return samples.sorted()[samples.count / 2]
  }
}

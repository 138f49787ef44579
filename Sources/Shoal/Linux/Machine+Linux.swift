import CShoal
import Glibc
import ShoalBase
import ShoalTransport
import ShoalWire

// Safety: the system fills locals whose types it knows.

/// The capabilities of this machine.
package enum Machine {
  /// What a UDP socket is granted of what it asks for.
  package struct Sockets: Sendable {
    package let receiveBuffer: (granted: Int, asked: Int)
    package let sendBuffer: (granted: Int, asked: Int)
    package let canSegment: Bool
    package let canCoalesce: Bool
  }

  package static func sockets() throws(SystemError) -> Sockets {
    let options = UDPSocket.Options()
    let socket = try UDPSocket.bind(to: Address(ipv4: 0x7f00_0001, port: 0), options: options)
    return Sockets(
      receiveBuffer: (socket.grantedReceiveBuffer, options.receiveBuffer),
      sendBuffer: (socket.grantedSendBuffer, options.sendBuffer), canSegment: socket.canSegment,
      canCoalesce: socket.canCoalesce)
  }

  /// The resolution of the monotonic clock, in nanoseconds.
  package static var clockResolution: Int {
    var resolution = timespec()
    unsafe clock_getres(CLOCK_MONOTONIC, &resolution)
    return resolution.tv_sec * 1_000_000_000 + resolution.tv_nsec
  }

  /// Whether the wall clock is synchronized; nil if that cannot be determined.
  package static var isClockKept: Bool? {
    let state = shoal_clock_state()
    return state < 0 ? nil : state == 1
  }

  /// How many files this process may have open.
  package static var openFiles: Int {
    var limit = rlimit()
    return unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
      ? Int(clamping: limit.rlim_cur) : 0
  }

  /// The bytes per second that a folder's disk takes, measured by writing an unnamed file of this size; nil if that is
  /// not possible.
  package static func writeRate(in folder: String, bytes: Int) -> Double? {
    let descriptor = unsafe shoal_unnamed_file(folder)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0x5a, count: 1 << 20)
    let start = SystemClock.now()
    for _ in 0..<max(bytes >> 20, 1) {
      guard unsafe write(descriptor, block, block.count) == block.count else { return nil }
    }
    guard fdatasync(descriptor) == 0 else { return nil }
    return Double(max(bytes, 1 << 20)) * 1e9 / Double(max(SystemClock.now() - start, 1))
  }
}

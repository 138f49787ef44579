import Glibc
import Shoal

// Safety: the value is a local that is passed with its size.

extension UDPSocket {
  /// Switches an option of the socket level on; whether that succeeded.
  func switchOn(_ option: Int32) -> Bool {
    var on: Int32 = 1
    return unsafe setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size)) == 0
  }
}

import Glibc

// Safety: the system fills locals, and an array whose size it is told.

/// A pipe whose reader does not block.
final class Pipe {
  let reader: Int32
  let writer: Int32

  struct Failure: Error {}

  init() throws {
    var ends: [Int32] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw Failure() }
    (reader, writer) = (ends[0], ends[1])
    _ = fcntl(reader, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(reader)
    close(writer)
  }

  /// What was written since the last call.
  func read() -> String { drain(reader) }
}

/// A pseudo-terminal of a given width.
final class Screen {
  private let controller: Int32
  let terminal: Int32

  init(columns: UInt16) throws {
    controller = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
    // What `grantpt` and `ptsname` do: unlock, then ask for the number.
    var unlock: Int32 = 0
    var number: Int32 = 0
    guard controller >= 0, unsafe ioctl(controller, 0x4004_5431, &unlock) == 0,
      unsafe ioctl(controller, 0x8004_5430, &number) == 0
    else { throw Pipe.Failure() }
    terminal = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    guard terminal >= 0 else { throw Pipe.Failure() }
    resize(columns: columns)
  }

  deinit {
    close(terminal)
    close(controller)
  }

  func resize(columns: UInt16) {
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = unsafe ioctl(terminal, UInt(TIOCSWINSZ), &size)
  }

  /// What was shown since the last call.
  func read() -> String { drain(controller) }
}

private func drain(_ descriptor: Int32) -> String {
  var result: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return String(decoding: result, as: UTF8.self) }
    result += buffer[..<count]
  }
}

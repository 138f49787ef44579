import Glibc
import ShoalTerminal

/// A capture being read: a file, standard input if its name is `-`, or an interface.
struct CaptureFile: ~Copyable {
  /// The name, harmless to a terminal.
  let name: String
  /// Which file it is; nil if it is none.
  let identity: FileIdentity?
  var reader: DatagramReader

  init(_ path: String, input: Int32) throws(InputFailure) {
    let isOwn = path != "-"
    name = isOwn ? escaped(path, asciiOnly: true) : "standard input"
    let descriptor = isOwn ? SystemCall.open(path, O_RDONLY | O_CLOEXEC) : input
    guard descriptor >= 0 else {
      let meant = errno == ENOENT ? ShoalDump.command.subcommand(meantBy: path) : nil
      throw InputFailure(reason: "\(name): \(systemError())\(meant.map { "; did you mean \($0)?" } ?? "")")
    }
    identity = FileIdentity(descriptor: descriptor)
    reader = DatagramReader(RecordSource(descriptor: descriptor, isOwn: isOwn))
  }

  init(interface: String, all: Bool) throws(InputFailure) {
    name = escaped(interface, asciiOnly: true)
    identity = nil
    reader = DatagramReader(RecordSource(try LiveCapture(interface: interface, all: all)))
  }

  /// Reads the next datagram; false if `fill` must be called first.
  mutating func next(_ datagram: inout Datagram) throws(InputFailure) -> Bool {
    do throws(InputFailure) { return try reader.next(&datagram) } catch { throw named(error) }
  }

  /// Reads more of the capture; false at its end. It throws if none of the packets in a file could be read.
  mutating func fill() throws(InputFailure) -> Bool {
    do throws(InputFailure) {
      if try reader.fill() { return true }
      guard let type = reader.onlyLinkType else { return false }
      let known = "Ethernet, Linux cooked, raw IP and BSD loopback are"
      throw InputFailure(reason: "link type \(type) is not supported; \(known)", code: "link_type")
    } catch { throw named(error) }
  }

  /// Shows every datagram that is left to `observe`.
  mutating func forEach(_ observe: (inout Datagram) -> Void) throws(InputFailure) {
    var datagram = Datagram()
    repeat {
      while try next(&datagram) { observe(&datagram) }
    } while try fill()
  }

  private func named(_ failure: InputFailure) -> InputFailure {
    InputFailure(reason: "\(name): \(failure.reason)", code: failure.code)
  }
}

/// The warning that a capture holds no Shoal datagram.
let noDatagram = "no Shoal datagram in it; was it captured where the peers are?"
/// The warning that a qlog has nothing to do with a capture.
let strangeQlog = "the qlog has no connection of this capture: are they from the same transfer?"

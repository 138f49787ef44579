import Glibc
import ShoalCapture
import ShoalTerminal

/// Where packets come from: an open file or an interface.
struct RecordSource: ~Copyable {
  private static let chunk = 1 << 18
  private let descriptor: Int32
  private let isOwn: Bool
  private var reader = CaptureReader()
  private var live: LiveCapture?
  private var isAtEnd = false
  /// Whether the times are steady already, because the packets are captured here and now.
  let isSteady: Bool
  private let isOfAll: Bool

  /// A file, a pipe or a socket as the source; the descriptor is closed in the end if it `isOwn`.
  init(descriptor: Int32, isOwn: Bool) {
    (self.descriptor, self.isOwn, isSteady, isOfAll) = (descriptor, isOwn, false, false)
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  init(_ capture: LiveCapture) {
    (descriptor, isOwn, isSteady, isOfAll) = (-1, false, true, capture.isOfAll)
    live = capture
  }

  deinit { if isOwn { close(descriptor) } }

  /// Reads the next packet in place; false if `fill` must be called first.
  mutating func next(_ record: inout CaptureRecord) throws(InputFailure) -> Bool {
    if let live {
      guard let next = live.next() else { return false }
      record = next
      return true
    }
    do throws(CaptureError) { return try reader.next(&record) } catch {
      throw InputFailure(reason: "\(error)", code: error.reason.code)
    }
  }

  /// Reads more, waiting if necessary; false at the end.
  mutating func fill() throws(InputFailure) -> Bool {
    guard live == nil else { return try live?.wait() ?? false }
    guard !isAtEnd else { return false }
    while true {
      let count = reader.read(Self.chunk) { [descriptor] room in
        let count = Descriptor.read(from: descriptor, into: &room)
        return count < 0 ? nil : count
      }
      guard let count else {
        if errno == EINTR { continue }
        throw InputFailure(reason: systemError())
      }
      if count == 0 {
        isAtEnd = true
        reader.finish()
      }
      return true
    }
  }

  /// Whether packets may have passed several interfaces, so that a datagram may occur more than once; nil if there has
  /// only been one so far.
  var hasSeveralInterfaces: Bool? { isSteady ? isOfAll : reader.hasSeveralInterfaces }

  /// What the capturing machine calls an interface; nil if the file does not say.
  func name(ofInterface index: Int) -> String? {
    if live != nil { return LiveCapture.name(ofInterface: index) }
    return reader.interfaceNames.indices.contains(index) ? reader.interfaceNames[index] : nil
  }

  /// Packets that the kernel dropped because we were too slow.
  var dropped: UInt64 { live?.dropped ?? 0 }
}

extension CaptureError.Reason {
  /// The kind of fault, for programs.
  fileprivate var code: String {
    switch self {
    case .empty: "empty"
    case .unknownFormat, .compressed, .unsupportedVersion: "format"
    default: "damaged"
    }
  }
}

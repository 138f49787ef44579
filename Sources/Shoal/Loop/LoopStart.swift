import Glibc
import ShoalWire

/// Carries what cannot be copied to the loop's thread. It is made before the thread, so that its errors are thrown to
/// the caller.
final class LoopStart: @unchecked Sendable {
  let socket: UDPSocket
  private var poll: EventPoll?
  private var resting: EventPoll?
  private var capture: CaptureFile?
  private var qlog: QlogFile?

  init(_ socket: UDPSocket, _ wake: Wake, _ options: NodeOptions) throws(SystemError) {
    self.socket = socket
    let poll = try EventPoll()
    try poll.add(socket.descriptor, token: LoopToken.socket, .readable)
    try poll.add(wake.descriptor, token: LoopToken.wake, .readable)
    self.poll = consume poll
    let resting = try EventPoll()
    try resting.add(wake.descriptor, token: LoopToken.wake, .readable)
    self.resting = consume resting
    capture = nil
    if let path = options.capture { capture = try CaptureFile(path, replacing: options.replacesRecords) }
    if let path = options.qlog { qlog = try QlogFile(path, socket.localAddress, replacing: options.replacesRecords) }
  }

  func takePoll() -> EventPoll { poll.take()! }
  func takeResting() -> EventPoll { resting.take()! }
  func takeCapture() -> CaptureFile? { capture.take() }
  func takeQlog() -> QlogFile? { qlog.take() }
}

extension UDPSocket {
  /// The socket that the options ask for.
  static func bind(_ options: NodeOptions, _ socketOptions: Options) throws(ShoalError) -> UDPSocket {
    if let descriptor = options.descriptor {
      do { return try UDPSocket(adopting: descriptor, options: socketOptions) } catch { throw ShoalError(error) }
    }
    let place: Resolver.HostPort
    do {
      place = try Resolver.parse(options.listen, defaultPort: 0)
    } catch { throw ShoalError(.badAddress, "\(options.listen): \(error)", option: .listen) }
    var addresses = [Address(high: 0, low: 0, port: place.port)]
    if !place.host.isEmpty {
      do {
        addresses = try options.resolve(place).get()
      } catch { throw ShoalError(.badAddress, "\(options.listen): \(error)", option: .listen) }
    }
    var failure: SystemError?
    var socketOptions = socketOptions
    socketOptions.sharesPort = options.trackerWorker > 0
    for address in addresses {
      do {
        let socket = try UDPSocket.bind(to: address, options: socketOptions)
        if options.trackerWorkers > 1 { socket.sharePort() }
        return socket
      } catch {
        if error.isInUse, options.anyPortIfBusy,
          let socket = try? UDPSocket.bind(to: address.with(port: 0), options: socketOptions)
        {
          return socket
        }
        failure = failure ?? error
        // A name may resolve to addresses that are not this machine's.
        guard error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT else { break }
      }
    }
    let error = failure ?? SystemError(EADDRNOTAVAIL, .bind, place.host)
    throw ShoalError(error, remedy: error.isInUse ? .otherPort : .otherAddress)
  }
}

extension ShoalError {
  /// Why a loop cannot be started.
  init(opening error: SystemError, _ options: NodeOptions) {
    let places: [(option: Option, path: String?)] = [(.capture, options.capture), (.qlog, options.qlog)]
    guard let place = places.first(where: { $0.path == error.subject }) else {
      self.init(error)
      return
    }
    guard error.code != EEXIST else {
      self.init(.exists, "\(error.subject) exists", option: place.option, remedy: .otherRecordOrForce)
      return
    }
    self.init(.file, "\(error)\(error.remedy)", option: place.option)
  }
}

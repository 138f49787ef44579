import Glibc
import ShoalLink
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Synchronization

/// What a peer or tracker is told at its start.
public struct NodeOptions: Sendable {
  /// Where to listen: `:7401`, `0.0.0.0:7401`, `[::1]:0`. Port 0 is any that is free.
  public var listen = ":0"
  /// If the port of `listen` is in use, any free one is taken.
  public var anyPortIfBusy = false
  /// Transport and swarm.
  public var swarm = SwarmConfiguration()
  /// Whether packets may be as large as the interface towards each peer takes, rather than `swarm.transport.mtu`
  /// bytes: larger on loopback and on links with jumbo frames. Holds only where `link` is clean, as that is a model of
  /// a path of its own.
  public var followsInterfaceMTU = true
  /// The access link through which everything that is sent and received passes.
  public var link = LinkSpec.clean
  /// The seed of the link's randomness where the specification names none; drawn by the system if nil.
  public var linkSeed: UInt64?
  /// Where to record every datagram, as pcapng.
  public var capture: String?
  /// Where to record what the transport decides, as qlog.
  public var qlog: String?
  /// Whether `capture` and `qlog` may replace files that have content; otherwise those are errors.
  public var replacesRecords = false
  /// What finds a name's addresses, on a thread that may wait, and how often it is asked.
  var resolve: @Sendable (Resolver.HostPort) -> Result<[Address], ResolverError> = { $0.resolve() }
  var namePace = NameBook.Pace()
  /// Whether a tracker answers on the same port.
  public var runsTracker = false

  /// Any free port and a clean link, unless told otherwise.
  public init(listen: String = ":0", runsTracker: Bool = false) {
    self.listen = listen
    self.runsTracker = runsTracker
  }
}

/// A UDP socket with an event loop thread of its own; what peers and trackers are made of.
///
/// The loop owns all state. Others reach it only by `post`, which is for files and chunks, never for packets.
final class Node: Sendable {
  typealias Command = @Sendable (NodeLoop) -> Void

  let address: Address
  /// What the system granted of the receive buffer that was asked for, in bytes.
  let receiveBuffer: (granted: Int, asked: Int)
  private let mailbox = Mutex<[Command]>([])
  private let wake: Wake
  private let stopped = Mutex(false)

  init(_ options: NodeOptions) throws(ShoalError) {
    let socket = try Node.bind(options)
    address = socket.localAddress
    receiveBuffer = (socket.grantedReceiveBuffer, UDPSocket.Options().receiveBuffer)
    do {
      wake = try Wake()
    } catch { throw ShoalError(error) }
    let tools: LoopTools
    do {
      tools = try LoopTools(socket, wake, options)
    } catch {
      let places = [("--capture", options.capture), ("--qlog", options.qlog)]
      guard let place = places.first(where: { $0.1 == error.subject }) else { throw ShoalError(error) }
      guard error.code != EEXIST else {
        let way = "name another file, or replace it with --force"
        throw ShoalError(.exists, "\(place.0) \(error.subject) exists; \(way)")
      }
      throw ShoalError(.file, "\(place.0) \(error)\(error.remedy)")
    }
    do {
      try SystemThread.start("shoal-loop") { [self] in
        let loop = NodeLoop(socket, options, self, tools.takeCapture(), tools.takeQlog())
        loop.run(tools.takePoll(), resting: tools.takeResting())
      }
    } catch { throw ShoalError(error) }
  }

  private static func bind(_ options: NodeOptions) throws(ShoalError) -> UDPSocket {
    let place: Resolver.HostPort
    do {
      place = try Resolver.parse(options.listen, defaultPort: 0)
    } catch { throw ShoalError(.badAddress, "--listen \(options.listen): \(error)") }
    var addresses = [Address(high: 0, low: 0, port: place.port)]
    if !place.host.isEmpty {
      do {
        addresses = try options.resolve(place).get()
      } catch { throw ShoalError(.badAddress, "--listen \(options.listen): \(error)") }
    }
    var socketOptions = UDPSocket.Options()
    // A large send buffer would be a queue of our own, which looks like one of the path's.
    socketOptions.sendBuffer = 2 << 20
    var failure: SystemError?
    for address in addresses {
      do {
        return try UDPSocket.bind(to: address, options: socketOptions)
      } catch {
        if error.isInUse, options.anyPortIfBusy,
          let socket = try? UDPSocket.bind(to: address.with(port: 0), options: socketOptions)
        {
          return socket
        }
        failure = failure ?? error
        // Not all that a name leads to need be here.
        guard error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT else { break }
      }
    }
    let error = failure ?? SystemError(EADDRNOTAVAIL, .bind, place.host)
    throw ShoalError(
      error, remedy: error.isInUse ? "; choose another with --listen :PORT" : "; choose one with --listen ADDR:PORT")
  }

  /// Has the loop run a command; false once it has stopped.
  @discardableResult
  func post(_ command: @escaping Command) -> Bool {
    let isRunning = stopped.withLock { isStopped in
      if !isStopped { mailbox.withLock { $0.append(command) } }
      return !isStopped
    }
    if isRunning { wake.wake() }
    return isRunning
  }

  /// Has the loop run a command and waits for what it gives; nil once the loop has stopped.
  func ask<Result: Sendable>(_ command: @escaping @Sendable (NodeLoop) -> Result) async -> Result? {
    await withCheckedContinuation { continuation in
      if !post({ continuation.resume(returning: command($0)) }) { continuation.resume(returning: nil) }
    }
  }

  func takeCommands() -> [Command] {
    mailbox.withLock { commands in
      defer { commands = [] }
      return commands
    }
  }

  /// The loop was woken; it looks for commands next, so that none is missed.
  func woken() { wake.clear() }

  /// From now on no command is taken; those that were are returned, to be run.
  func close() -> [Command] {
    stopped.withLock { $0 = true }
    return takeCommands()
  }
}

/// Carries what cannot be copied to the loop's thread; made before it, so that failures are errors of the caller's.
private final class LoopTools: @unchecked Sendable {
  private var poll: EventPoll?
  private var resting: EventPoll?
  private var capture: CaptureFile?
  private var qlog: QlogFile?

  init(_ socket: UDPSocket, _ wake: Wake, _ options: NodeOptions) throws(SystemError) {
    let poll = try EventPoll()
    try poll.add(socket.descriptor, token: NodeLoop.socketToken, .readable)
    try poll.add(wake.descriptor, token: NodeLoop.wakeToken, .readable)
    self.poll = consume poll
    let resting = try EventPoll()
    try resting.add(wake.descriptor, token: NodeLoop.wakeToken, .readable)
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

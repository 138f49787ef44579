import Glibc
import ShoalBase
import ShoalLink
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Synchronization

/// The options of a peer or tracker.
package struct NodeOptions: Sendable {
  /// Where to listen: `:7401`, `0.0.0.0:7401`, `[::1]:0`. Port 0 stands for any free port.
  package var listen = ":0"
  /// A bound socket that is used instead.
  package var descriptor: Int32?
  /// Whether any free port is taken if the port of `listen` is in use.
  package var anyPortIfBusy = false
  /// The configuration of the transport and the swarm.
  package var swarm = SwarmConfiguration()
  /// Whether the largest packet is the MTU of the interface towards each peer, rather than `swarm.transport.mtu` bytes:
  /// larger on loopback and on links with jumbo frames. Applies only if `link` is clean, as any other link models a
  /// path of its own.
  package var followsInterfaceMTU = true
  /// The simulated access link that everything sent and received passes through.
  package var link = LinkSpec.clean
  /// The seed of the link's randomness where the specification names none; drawn by the system if nil.
  package var linkSeed: UInt64?
  /// Where to record every datagram, as pcapng.
  package var capture: String?
  /// Where to record what the transport decides, as qlog.
  package var qlog: String?
  /// Whether `capture` and `qlog` may replace files that have content; otherwise such files are errors.
  package var replacesRecords = false
  /// The folder where the hashes of large files are kept; nil if they are not.
  package var hashFolder: String?
  /// The file where passes are kept; nil if they are not.
  package var passFile: String?
  /// Resolves a name, on a thread that may block.
  var resolve: @Sendable (Resolver.HostPort) -> Result<[Address], ResolverError> = { $0.resolve() }
  var namePace = NameBook.Pace()
  /// Whether a tracker answers on the same port.
  package var runsTracker = false
  /// Of a tracker that has the port to itself: its state file, nil for none; its bytes of memory and how often peers
  /// register, nil for the defaults; and its workers.
  package var trackerState: String?, trackerMemory: Int?, trackerInterval: Nanoseconds?
  package var trackerWorkers = 1
  /// Which of them this is.
  var trackerWorker = 0
  /// Whether that tracker lists shares by name.
  package var listsNames = false

  /// Any free port and a clean link, unless told otherwise.
  package init(listen: String = ":0", runsTracker: Bool = false) {
    self.listen = listen
    self.runsTracker = runsTracker
  }
}

/// A UDP socket with an event loop on a thread of its own; peers and trackers are built on it.
///
/// The loop owns all state. Other threads reach it only through `post`, which is for whole files and chunks, never for
/// packets.
final class Node<Loop: EventLoop>: Sendable {
  typealias Command = @Sendable (Loop) -> Void

  let address: Address
  /// The size of the socket's receive buffer, as granted by the system and as asked for, in bytes.
  let receiveBuffer: (granted: Int, asked: Int)
  /// The most bytes of unverified pieces in memory.
  let memory: Int
  private let mailbox = Mutex<[Command]>([])
  private let wake: Wake
  private let stopped = Mutex(false)

  /// Starts a loop that `make` makes on its own thread.
  init(
    _ options: NodeOptions, _ make: @escaping @Sendable (LoopStart, Node<Loop>) -> Loop
  ) throws(ShoalError) {
    let socket = try UDPSocket.bind(options, Loop.socketOptions)
    address = socket.localAddress
    memory = options.swarm.bufferLimit
    receiveBuffer = (socket.grantedReceiveBuffer, UDPSocket.Options().receiveBuffer)
    let start: LoopStart
    do {
      wake = try Wake()
      start = try LoopStart(socket, wake, options)
    } catch { throw ShoalError(opening: error, options) }
    do {
      try SystemThread.start("shoal-loop") { [self] in
        make(start, self).run(self, start.takePoll(), resting: start.takeResting())
      }
    } catch { throw ShoalError(error) }
  }

  /// Makes the loop run a command; false once it has stopped.
  @discardableResult
  func post(_ command: @escaping Command) -> Bool {
    let isRunning = stopped.withLock { isStopped in
      if !isStopped { mailbox.withLock { $0.append(command) } }
      return !isStopped
    }
    if isRunning { wake.wake() }
    return isRunning
  }

  /// Makes the loop close and then call `ended`, and waits for that; returns at once if the loop has stopped.
  func close(_ ended: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      let isRunning = post { loop in
        loop.close {
          ended()
          continuation.resume()
        }
      }
      if !isRunning { continuation.resume() }
    }
  }

  /// Makes the loop run a command and waits for its result; nil once the loop has stopped.
  func ask<Result: Sendable>(_ command: @escaping @Sendable (Loop) -> Result) async -> Result? {
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

  /// Called when the loop was woken; it looks for commands next, so that none is missed.
  func woken() { wake.clear() }

  /// Accepts no more commands; returns those already accepted, to be run.
  func close() -> [Command] {
    stopped.withLock { $0 = true }
    return takeCommands()
  }
}

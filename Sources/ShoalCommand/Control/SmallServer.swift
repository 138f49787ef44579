import Shoal
import ShoalBase
import ShoalTransport
import Synchronization

/// Answers clients that connect to a socket: one request each, of limited length and within a limited time, and a
/// limited number at once. A slow client holds up only itself; the event loop is asked only once a request is complete.
final class SmallServer: Sendable {
  /// How requests are read and answered.
  struct Service: Sendable {
    /// The most bytes of a request.
    let most: Int
    /// Whether a request is complete.
    let isComplete: @Sendable ([UInt8]) -> Bool
    /// The answer; nil for none.
    let answer: @Sendable ([UInt8]) async -> [UInt8]?
  }

  private let service: Service
  private let patience: Nanoseconds
  private let clients = Mutex(0)

  /// The most clients served at once; the next is turned away.
  static let mostClients = 8

  /// Serves from now on, for as long as the process runs.
  @discardableResult
  init(_ listener: StreamSocket, patience: Nanoseconds = 5 * .second, _ service: Service) {
    (self.service, self.patience) = (service, patience)
    SystemThread.run("shoal-answers") { [self] in
      while let client = listener.accept() { take(client) }
    }
  }

  private func take(_ client: StreamSocket) {
    let hasRoom = clients.withLock { count in
      guard count < SmallServer.mostClients else { return false }
      count += 1
      return true
    }
    guard hasRoom else { return }
    // Somebody is waiting for the answer, and it is cheap.
    Task(priority: .high) {
      await serve(client)
      clients.withLock { $0 -= 1 }
    }
  }

  private func serve(_ client: StreamSocket) async {
    let deadline = SystemClock.now() + patience
    let service = service
    let request = try? await waiting { client.read(most: service.most, until: deadline, service.isComplete) }
    guard let request = request ?? nil, let answer = await service.answer(request) else { return }
    let end = SystemClock.now() + patience
    _ = try? await waiting {
      if client.write(answer, until: end) { client.finish(until: min(end, SystemClock.now() + .second)) }
    }
  }
}

import Glibc
import Shoal
import Synchronization
import Testing

/// Kernels without the preferred system calls: a filter simulates them on one thread.
@Suite struct FallbackTests {
  #if arch(x86_64)
    static let (receiveMany, sendMany): (UInt32, UInt32) = (299, 307)
  #else
    static let (receiveMany, sendMany): (UInt32, UInt32) = (243, 269)
  #endif

  private struct Outcome: Sendable {
    var isFiltered = false
    var received: [[UInt8]] = []
    var calls: (sent: UInt64, received: UInt64) = (0, 0)
  }

  /// Sends 200 datagrams of three sizes from a thread to itself, whose kernel lacks some calls.
  private static func exchange(without numbers: [UInt32], offload: Bool) throws -> (expected: [[UInt8]], Outcome) {
    let expected = (0..<200).map { index in
      (0..<[1_200, 700, 1_200, 31][index / 9 % 4]).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
    }
    let outcome = Mutex<Result<Outcome, any Error>?>(nil)
    let thread = onThread {
      outcome.withLock { result in
        result = Result {
          var outcome = Outcome(isFiltered: SystemCallFilter.forbid(numbers))
          let sender = try UDPSocketTests.socket(UDPSocketTests.loopback4, offload: offload)
          let receiver = try UDPSocketTests.socket(UDPSocketTests.loopback4, offload: offload)
          var batch = SendBatch(for: sender)
          var input = ReceiveBatch(for: receiver)
          var list: [UDPSocketTests.Datagram] = []
          for (index, bytes) in expected.enumerated() {
            UDPSocketTests.append(bytes, to: receiver.localAddress, &batch)
            guard index % 40 == 39 else { continue }
            UDPSocketTests.flush(&batch, sender)
            UDPSocketTests.drain(&input, receiver, into: &list)
          }
          outcome.received = list.map(\.bytes)
          outcome.calls = (batch.counters.calls, input.counters.calls)
          return outcome
        }
      }
    }
    pthread_join(thread, nil)
    return (expected, try outcome.withLock { $0 }!.get())
  }

  @Test(arguments: [true, false])
  func whereOnlySingleCallsAreKnown(_ offload: Bool) throws {
    let (expected, outcome) = try Self.exchange(without: [Self.receiveMany, Self.sendMany], offload: offload)
    guard outcome.isFiltered else { return }
    #expect(outcome.received == expected)
    // A datagram a call where they cannot be joined either.
    if !offload { #expect(outcome.calls.sent == 200 && outcome.calls.received == 200) }
  }

  @Test(arguments: [[receiveMany], [sendMany], []])
  func whereOneIsMissing(_ numbers: [UInt32]) throws {
    let (expected, outcome) = try Self.exchange(without: numbers, offload: true)
    guard outcome.isFiltered else { return }
    #expect(outcome.received == expected)
  }

  @Test func manyGoInOneCallWhereThatIsKnown() throws {
    let (expected, outcome) = try Self.exchange(without: [], offload: false)
    #expect(outcome.received == expected)
    #expect(outcome.calls.sent < 20 && outcome.calls.received < 60)
  }
}

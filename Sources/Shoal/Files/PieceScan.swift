import Glibc
import ShoalBase
import ShoalContent
import Synchronization

/// Reads the pieces of a file on all cores.
package enum PieceScan {
  /// The bytes between two reports of progress.
  private static let progressStep: UInt64 = 16 << 20

  /// Calls `body` for each of the first `count` pieces; returns the results in order, or nil if the file ends before
  /// the pieces do.
  ///
  /// Where `known` has a result, the piece is not read. At most `threads` threads work on it.
  ///
  /// `body` is called from several threads at once, `progress` from one at a time, with the bytes done so far. Once
  /// `flag` is set, the rest is skipped, and the result is nil.
  package static func map<Value: Sendable>(
    _ file: File, _ cut: Cut, count: Int, threads: Int = .max, until flag: Flag? = nil,
    progress: @escaping @Sendable (UInt64) -> Void,
    known: @escaping @Sendable (Int) -> Value? = { _ in nil }, _ body: @escaping @Sendable (Int, Span<UInt8>) -> Value
  ) throws(SystemError) -> [Value]? {
    let scan = Scan(file, cut, count, flag, progress, known, body)
    let cores = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
    let helpers = min(cores, count, threads) - 1
    let ended = Semaphore()
    for i in 0..<max(helpers, 0) {
      SystemThread.run("shoal-scan-\(i)") {
        scan.work()
        ended.signal()
      }
    }
    scan.work()
    for _ in 0..<max(helpers, 0) { ended.wait() }
    return try scan.result()
  }

  /// A scan that several threads work on.
  private final class Scan<Value: Sendable>: Sendable {
    private struct State {
      var next = 0
      var done: UInt64 = 0
      var reported: UInt64 = 0
      var values: [Value?]
      var failure: SystemError?
    }

    private let file: File
    private let cut: Cut
    private let flag: Flag?
    private let progress: @Sendable (UInt64) -> Void
    private let known: @Sendable (Int) -> Value?
    private let body: @Sendable (Int, Span<UInt8>) -> Value
    private let total: UInt64
    private let state: Mutex<State>

    init(
      _ file: File, _ cut: Cut, _ count: Int, _ flag: Flag?, _ progress: @escaping @Sendable (UInt64) -> Void,
      _ known: @escaping @Sendable (Int) -> Value?, _ body: @escaping @Sendable (Int, Span<UInt8>) -> Value
    ) {
      (self.file, self.cut, self.flag, self.progress) = (file, cut, flag, progress)
      (self.known, self.body) = (known, body)
      total = min(UInt64(count) << UInt64(cut.pieceExponent), cut.size)
      state = Mutex(State(values: Array(repeating: nil, count: count)))
    }

    /// Takes pieces until there are no more.
    func work() {
      let buffer = PieceBuffer(cut.pieceSize, alignment: 4_096)
      while let piece = take() {
        let length = cut.pieceLength(piece)
        if let value = known(piece) {
          note(value, piece, length)
          continue
        }
        do throws(SystemError) {
          guard try file.read(into: buffer, 0..<length, at: Int(cut.pieceOffset(piece))) == length else {
            return stop(nil)
          }
        } catch { return stop(error) }
        note(buffer.read(0..<length) { body(piece, $0) }, piece, length)
      }
    }

    private func note(_ value: Value, _ piece: Int, _ length: Int) {
      state.withLock { state in
        state.values[piece] = value
        state.done += UInt64(length)
        guard state.done - state.reported >= PieceScan.progressStep || state.done == total else { return }
        state.reported = state.done
        progress(state.done)
      }
    }

    private func take() -> Int? {
      state.withLock { state in
        guard state.next < state.values.count, flag?.isSet != true else { return nil }
        state.next += 1
        return state.next - 1
      }
    }

    /// Makes the other threads stop after the pieces that they are working on.
    private func stop(_ failure: SystemError?) {
      state.withLock { state in
        state.next = state.values.count
        state.failure = state.failure ?? failure
      }
    }

    func result() throws(SystemError) -> [Value]? {
      let (values, failure) = state.withLock { ($0.values, $0.failure) }
      if let failure { throw failure }
      let whole = values.compactMap { $0 }
      return whole.count == values.count ? whole : nil
    }
  }
}

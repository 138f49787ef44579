import ShoalContent
import Synchronization

/// Verified pieces on their way from a download to a reader that takes them in order.
final class PieceFlow: Sendable {
  typealias Outcome = Result<ArraySlice<UInt8>?, ShoalError>

  private struct State {
    var cut: Cut?
    /// The piece that the reader gets next.
    var next = 0
    var waiting: [Int: ArraySlice<UInt8>] = [:]
    var failure: ShoalError?
    var reader: CheckedContinuation<Outcome, Never>?
    /// The end of the pieces that the loop has been told it may fetch.
    var end = 0

    mutating func take() -> Outcome? {
      if let slice = waiting.removeValue(forKey: next) {
        next += 1
        return .success(slice)
      }
      if let failure { return .failure(failure) }
      guard let cut, next >= cut.pieces else { return nil }
      return .success(nil)
    }
  }

  private let state = Mutex(State())
  /// The most bytes that may wait for the reader.
  private let memory: Int
  /// The most bytes that the file may have.
  private let limit: UInt64
  /// Tells the loop which pieces may be fetched now, as the reader has moved on.
  private let advanced: @Sendable (Range<Int>) -> Void

  init(memory: Int, limit: UInt64, _ advanced: @escaping @Sendable (Range<Int>) -> Void) {
    (self.memory, self.limit, self.advanced) = (memory, limit, advanced)
  }

  /// Whether a file is known to be too large. The size of a file of one piece is only claimed until that piece is here.
  func isTooLarge(_ cut: Cut) -> Bool { cut.pieces > 1 && cut.size > limit }

  func tooLarge(_ name: String) -> ShoalError {
    ShoalError(.tooLarge, "\(name) is larger than the \(limit) bytes that are accepted")
  }

  /// Takes the cut, once it is known; returns the pieces that may be fetched first.
  func begin(_ cut: Cut) -> Range<Int> {
    let (reader, outcome, range) = state.withLock { state in
      state.cut = cut
      state.end = state.next + window(cut)
      let outcome = state.reader == nil ? nil : state.take()
      return (outcome == nil ? nil : state.reader.take(), outcome, state.next..<state.end)
    }
    if let outcome { reader?.resume(returning: outcome) }
    return range
  }

  private func window(_ cut: Cut) -> Int { max(memory / cut.pieceSize, 2) }

  /// A piece has been verified.
  func deliver(_ piece: Int, _ content: Span<UInt8>) {
    let slice = [UInt8](content)[...]
    give { state in if piece >= state.next { state.waiting[piece] = slice } }
  }

  /// Ends the flow: there will be no more pieces.
  func fail(_ error: ShoalError) {
    give { state in
      // The pieces that have arrived in order can still be read.
      if state.failure == nil { state.failure = error }
    }
  }

  private func give(_ change: (inout State) -> Void) {
    let (reader, outcome, range) = state.withLock {
      state -> (CheckedContinuation<Outcome, Never>?, Outcome?, Range<Int>?) in
      change(&state)
      guard state.reader != nil, let outcome = state.take() else { return (nil, nil, nil) }
      return (state.reader.take(), outcome, advance(&state))
    }
    if let outcome { reader?.resume(returning: outcome) }
    if let range { advanced(range) }
  }

  /// The pieces to tell the loop about, if it is worth it: where pieces are small, not for every one.
  private func advance(_ state: inout State) -> Range<Int>? {
    guard let cut = state.cut, state.end < cut.pieces else { return nil }
    let window = window(cut)
    guard state.next + window - state.end >= max(window / 8, 1) else { return nil }
    state.end = state.next + window
    return state.next..<state.end
  }

  /// The next slice, nil at the end.
  func next() async -> Outcome {
    await withCheckedContinuation { reader in
      let (outcome, range) = state.withLock { state -> (Outcome?, Range<Int>?) in
        guard let outcome = state.take() else {
          // A second reader must not take the piece that the first is waiting for.
          guard state.reader == nil else { return (.success(nil), nil) }
          state.reader = reader
          return (nil, nil)
        }
        return (outcome, advance(&state))
      }
      if let outcome { reader.resume(returning: outcome) }
      if let range { advanced(range) }
    }
  }
}

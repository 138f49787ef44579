import Synchronization

/// The state of a download: written by the loop, read by any number of readers.
final class ProgressBoard: Sendable {
  /// Counts from 1, so that a reader that has seen nothing is at 0.
  typealias Update = (progress: DownloadProgress, version: Int)
  typealias Outcome = Result<Update, ShoalError>

  private struct State {
    var latest: DownloadProgress
    var version = 1
    var failure: ShoalError?
    var readers: [CheckedContinuation<Outcome, Never>] = []
  }

  private let state: Mutex<State>

  init(_ progress: DownloadProgress) { state = Mutex(State(latest: progress)) }

  var latest: DownloadProgress { state.withLock { $0.latest } }

  /// Announces a state; nothing follows `finished` or a failure.
  func tell(_ progress: DownloadProgress) { tell(progress, nil) }

  func fail(_ error: ShoalError) { tell(nil, error) }

  private func tell(_ progress: DownloadProgress?, _ failure: ShoalError?) {
    let (readers, outcome) = state.withLock { state -> ([CheckedContinuation<Outcome, Never>], Outcome) in
      if state.failure == nil, state.latest.phase != .finished {
        if let progress { (state.latest, state.version) = (progress, state.version + 1) }
        state.failure = failure
      }
      defer { state.readers = [] }
      return (state.readers, state.failure.map { .failure($0) } ?? .success((state.latest, state.version)))
    }
    for reader in readers { reader.resume(returning: outcome) }
  }

  /// The latest state, as soon as it is newer than a version; or the failure.
  func next(after version: Int) async -> Outcome {
    await withCheckedContinuation { reader in
      let outcome = state.withLock { state -> Outcome? in
        if let failure = state.failure { return .failure(failure) }
        if state.version > version { return .success((state.latest, state.version)) }
        state.readers.append(reader)
        return nil
      }
      if let outcome { reader.resume(returning: outcome) }
    }
  }
}

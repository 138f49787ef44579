import Testing

/// Tests that await peers. They run ahead of those that only compute, for which each `await` would wait for minutes
/// otherwise, and a few at a time, so that each has the processor when it needs it.
public struct InRealTime: SuiteTrait, TestTrait, TestScoping {
  private static let places = Places(4)

  /// True: each test of a suite waits for a place of its own.
  public var isRecursive: Bool { true }

  /// Runs `function` as soon as there is a place.
  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    // Tasks of another priority have other threads.
    hurry()
    await Self.places.take()
    await Task.yield()
    let result: Result<Void, any Error>
    do { result = .success(try await function()) } catch { result = .failure(error) }
    await Self.places.giveBack()
    try result.get()
  }
}

extension Trait where Self == InRealTime {
  /// See `InRealTime`.
  public static var inRealTime: InRealTime { InRealTime() }
}

/// So many may be held at a time; who wants one more waits for its turn.
private actor Places {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take() async {
    guard free == 0 else { return free -= 1 }
    await withCheckedContinuation { waiting.append($0) }
  }

  func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

/// Something took longer than this many seconds.
public struct Late: Error {
  /// The limit, in seconds.
  public let seconds: Double
}

/// Runs `body` with a time limit, so that a test fails rather than hangs.
@discardableResult
public func within<T: Sendable>(_ seconds: Double, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
  try await withThrowingTaskGroup(of: T.self) { group in
    group.addTask(priority: .high) { try await body() }
    group.addTask(priority: .high) {
      try await Task.sleep(for: .seconds(seconds))
      throw Late(seconds: seconds)
    }
    defer { group.cancelAll() }
    return try await group.next()!
  }
}

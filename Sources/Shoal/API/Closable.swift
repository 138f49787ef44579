/// Something that runs until it is closed.
protocol Closable: Sendable {
  func close() async
}

extension Closable {
  /// Calls `body` with it, and closes it before this returns, even if `body` throws or the task is cancelled.
  nonisolated(nonsending) func closing<Result>(
    after body: nonisolated(nonsending) (Self) async throws -> Result
  ) async throws -> Result {
    do {
      let result = try await body(self)
      await close()
      return result
    } catch {
      await close()
      throw error
    }
  }
}

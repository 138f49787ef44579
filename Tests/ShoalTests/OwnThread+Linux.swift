import Glibc

// Safety: the body is retained once, and released once, by its thread.

/// Runs `body` on a thread of its own; a task might never be run while tests block the pool.
func onThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
  let status = unsafe pthread_create(
    &thread, nil,
    { argument in
      unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
      return nil
    }, unsafe box)
  precondition(status == 0)
  return thread
}

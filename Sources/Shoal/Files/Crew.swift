import Glibc
import Synchronization

/// Does many small jobs on all cores.
enum Crew {
  private struct State<Value> {
    var next = 0
    var values: [Value?]
    var failure: SystemError?
  }

  /// Calls `body` for each number below `count`, several at once; returns the results in order, or nil once `flag` is set.
  static func map<Value: Sendable>(
    count: Int, until flag: Flag?, _ body: @escaping @Sendable (Int) throws(SystemError) -> Value
  ) throws(SystemError) -> [Value]? {
    let state = Shared(State<Value>(values: Array(repeating: nil, count: count)))
    @Sendable func work() {
      while let number = state.take(until: flag) {
        do throws(SystemError) { state.put(try body(number), number) } catch { state.fail(error) }
      }
    }
    let helpers = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), count) - 1
    let ended = Semaphore()
    for i in 0..<max(helpers, 0) {
      SystemThread.run("shoal-crew-\(i)") {
        work()
        ended.signal()
      }
    }
    work()
    for _ in 0..<max(helpers, 0) { ended.wait() }
    return try state.result()
  }

  private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<State<Value>>

    init(_ state: sending State<Value>) { self.state = Mutex(state) }

    func take(until flag: Flag?) -> Int? {
      state.withLock { state in
        guard state.failure == nil, state.next < state.values.count, flag?.isSet != true else { return nil }
        state.next += 1
        return state.next - 1
      }
    }

    func put(_ value: Value, _ number: Int) { state.withLock { $0.values[number] = value } }
    func fail(_ error: SystemError) { state.withLock { $0.failure = $0.failure ?? error } }

    func result() throws(SystemError) -> [Value]? {
      let (values, failure) = state.withLock { ($0.values, $0.failure) }
      if let failure { throw failure }
      let whole = values.compactMap { $0 }
      return whole.count == values.count ? whole : nil
    }
  }
}

import ShoalBase
import Testing

@testable import ShoalLink

/// A line that delivers at the times of a trace, as mahimahi's does.
@Suite struct LinkTraceTests {
  private func trace(_ text: String) throws(LinkTrace.Problem) -> LinkTrace {
    try LinkTrace(Array(text.utf8).span, name: "t")
  }

  @Test func theFormat() throws {
    let one = try trace("# made by hand\n1\n1\r\n\n3\n10")
    #expect(one.times == [1, 1, 3, 10] && one.rate == 4 * 1_504 * 8 * 100)
    func problem(_ text: String) -> LinkTrace.Problem? {
      do throws(LinkTrace.Problem) { _ = try trace(text) } catch { return error }
      return nil
    }
    #expect(problem("1\nx") == .notATime(line: 2) && problem("-1") == .notATime(line: 1))
    #expect(problem("4294967296") == .notATime(line: 1) && problem("2\n1") == .descending(line: 2))
    #expect(problem("") == .noPeriod && problem("0\n0") == .noPeriod && problem("5 6") == .notATime(line: 1))
  }

  @Test func opportunitiesRepeat() throws {
    let one = try trace("2\n5\n5\n10")
    let times = (0..<9).map { one.time($0) / .millisecond }
    #expect(times == [2, 5, 5, 10, 12, 15, 15, 20, 22])
    for time in 0..<40 {
      let first = one.first(from: Nanoseconds(time) * .millisecond)
      #expect(one.time(first) >= Nanoseconds(time) * .millisecond, "\(time)")
      #expect(first == 0 || one.time(first - 1) < Nanoseconds(time) * .millisecond, "\(time)")
    }
  }

  @Test func whatFitsLeavesTogetherAndWhatIsUnusedIsLost() throws {
    var queue = TraceQueue(try trace("2\n5\n5\n10"), limit: 4_000)
    func depart(_ bytes: Int, _ time: Nanoseconds) -> Nanoseconds? {
      queue.depart(bytes: bytes, at: time * .millisecond).map { $0 / .millisecond }
    }
    // Two small datagrams share an opportunity; a third needs part of the next.
    #expect(depart(700, 0) == 2 && depart(700, 0) == 2 && depart(700, 0) == 5)
    #expect(queue.wait(at: 0) == 5 * .millisecond)
    // Those at 5 ms are gone by 6 ms.
    #expect(depart(1_504, 6) == 10 && depart(1_504, 6) == 12)
    #expect(depart(1_504, 6) == nil && depart(900, 6) == 15)
  }

  @Test func aLinkFollowsItsTraces() throws {
    let reader: LinkSpec.TraceReader = { path throws(LinkSpecError.Problem) in
      do throws(LinkTrace.Problem) {
        return try LinkTrace(Array((path == "up/a" ? "1\n2" : "10").utf8).span, name: path)
      } catch { throw .trace("?") }
    }
    let spec = try LinkSpec(parsing: "delay=5ms,trace=up/a:down", reader: reader)
    #expect("\(spec)" == "delay=5ms,trace=up/a:down")
    #expect(try LinkSpec(parsing: "\(spec)", reader: reader) == spec)
    var link = spec.makeUpLink(defaultSeed: 1)
    let fates = (0..<3).map { _ in link.admit(ipLength: 1_504, payloadLength: 1_476, at: .zero) }
    let releases = fates.map { fate -> Int64? in
      if case .delivered(let delivery) = fate { delivery.release.nanoseconds / Nanoseconds.millisecond } else { nil }
    }
    #expect(releases == [6, 7, 8])
    func problem(_ text: String) -> String {
      do throws(LinkSpecError) { _ = try LinkSpec(parsing: text, reader: reader) } catch { return "\(error)" }
      return ""
    }
    #expect(problem("rate=1mbit,trace=a").contains("takes the place of rate"))
    #expect(problem("trace=a,rate=1mbit").contains("takes the place of rate"))
    #expect(problem("trace=a:b:c").contains("write trace=FILE or trace=UP:DOWN"))
    #expect((try? LinkSpec(parsing: "trace=a")) == nil)
  }
}

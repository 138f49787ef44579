import TestSupport
import Testing

@testable import ShoalCommand

/// A file is never mistaken for a standard stream that was closed before the program began.
@Suite struct ClosedStreamTests {
  @Test(arguments: [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
  func whatIsPrintedGoesIntoNoFile(_ closed: String) throws {
    let scratch = try Scratch()
    let result = try RunningProgram.shell("shoal simulate --size 100kB --timeline \(scratch.at("run.csv")) \(closed)")
    #expect(result.status == 1, "what cannot be printed is a failure")
    let text = try scratch.text("run.csv")
    #expect(text.hasPrefix(Timeline.header))
    #expect(!text.contains("100.0 kB"))
  }

  @Test(arguments: [">&- 2>&-", "<&- >&- 2>&-"])
  func aCaptureStaysACapture(_ closed: String) throws {
    let scratch = try Scratch()
    let made = try RunningProgram.shell(
      "shoal demo --size 10kB --peers 1 --directory \(scratch.path) </dev/null >/dev/null")
    #expect(made.status == 0, "\(made)")
    _ = try RunningProgram.shell("cd \(scratch.path); shoal-dump -w copy.pcapng a.pcapng \(closed)")
    #expect(try scratch.read("copy.pcapng").starts(with: [0x0A, 0x0D, 0x0D, 0x0A]))
    #expect(try RunningProgram.shell("shoal-dump -q \(scratch.at("copy.pcapng"))").status == 0)
  }
}

import Foundation
import Testing

@testable import ShoalCommand

/// A file is never mistaken for a stream that was closed before the program began.
@Suite struct ClosedStreamTests {
  private let folder = NSTemporaryDirectory() + "closed-\(UUID())"

  @Test(arguments: [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
  func whatIsPrintedGoesIntoNoFile(_ closed: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let csv = "\(folder)/run.csv"
    let result = try BuiltProgram.shell("shoal simulate --size 100kB --timeline \(csv) \(closed)")
    #expect(result.status == 1, "what cannot be printed is a failure")
    let text = try String(contentsOfFile: csv, encoding: .utf8)
    #expect(text.hasPrefix(Timeline.header))
    #expect(!text.contains("100.0 kB"))
  }

  @Test(arguments: [">&- 2>&-", "<&- >&- 2>&-"])
  func aCaptureStaysACapture(_ closed: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try BuiltProgram.shell("shoal demo --size 10kB --peers 1 --directory \(folder) </dev/null >/dev/null")
    #expect(made.status == 0, "\(made.error)")
    _ = try BuiltProgram.shell("shoal-dump -w \(folder)/copy.pcapng \(folder)/a.pcapng \(closed)")
    let copy = try Data(contentsOf: URL(filePath: "\(folder)/copy.pcapng"))
    #expect(copy.starts(with: [0x0A, 0x0D, 0x0D, 0x0A]))
    #expect(try BuiltProgram.shell("shoal-dump -q \(folder)/copy.pcapng").status == 0)
  }
}

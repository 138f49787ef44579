import Foundation
import ShoalTerminal
import TestSupport
import Testing

@testable import ShoalCommand

/// The units under tools/service.
@Suite struct ServiceUnitTests {
  private static let folder = Checkout.path("tools/service")
  private static let units = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  private static let services = units.filter { $0.hasSuffix(".service") }

  @Test func thereAreUnits() {
    #expect(Set(Self.units) == ["shoal-tracker.service", "shoal-tracker.socket", "shoal-share@.service"])
  }

  @Test(arguments: services) func aUnitStartsWhatThereIs(_ unit: String) throws {
    let text = try Checkout.text("tools/service/\(unit)")
    let start = try #require(text.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
    let words = start.dropFirst("ExecStart=".count).split(separator: " ").map(String.init)
    #expect(words.first == "/usr/local/bin/shoal")
    _ = try invocation(words: Array(words.dropFirst()))
    for hardening in [
      "NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes", "SystemCallFilter=@system-service",
    ] {
      #expect(text.contains("\n\(hardening)\n"), "\(hardening)")
    }
  }

  @Test(.enabled(if: RunningProgram.exists("systemd-analyze")), arguments: units)
  func systemdTakesIt(_ unit: String) throws {
    let scratch = try Scratch()
    let text = try Checkout.text("tools/service/\(unit)").replacing("/usr/local/bin/shoal", with: "/bin/true")
    let name = unit.replacing("@", with: "@x")
    try scratch.write(name, Array(text.utf8))
    if unit.hasSuffix(".socket") {
      // A socket without its service is an error.
      let service = unit.replacing(".socket", with: ".service")
      let text = try Checkout.text("tools/service/\(service)").replacing("/usr/local/bin/shoal", with: "/bin/true")
      try scratch.write(service, Array(text.utf8))
    }
    let outcome = try RunningProgram.run("systemd-analyze", ["verify", "--man=no", scratch.at(name)])
    #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
  }
}

import Foundation
import Shoal
import Testing

@testable import ShoalCommand

/// The library's errors mention its own options, the command's its flags.
@Suite struct ErrorWordTests {
  @Test(
    arguments: [
      (.otherDestination, "choose another destination", "write elsewhere with --output PATH"),
      (.namedDestination, "choose a destination that names the file", "say where to write, with --output PATH"),
      (.otherDestinationOrForce, "choose another destination, or use force", "use --output PATH or --force"),
      (.removeOrOtherDestination, "remove it, or choose another destination", "remove it, or use --output PATH"),
      (
        .removeOtherDestinationOrForce, "remove it, choose another destination, or use force",
        "remove it, or use --output PATH or --force"
      ),
      (
        .waitOrOtherDestination, "wait for it, or choose another destination",
        "wait for it, or write elsewhere with --output PATH"
      ),
      (
        .otherRecordOrForce, "name another file, or replace it with force",
        "name another file, or replace it with --force"
      ),
      (.otherPort, "choose another port to listen at", "choose another with --listen :PORT"),
      (.otherAddress, "choose another address to listen at", "choose one with --listen ADDR:PORT"),
    ] as [(ShoalError.Remedy, String, String)])
  func everyRemedyHasBoth(_ remedy: ShoalError.Remedy, _ library: String, _ command: String) {
    let error = ShoalError(.file, "x is not right", remedy: remedy)
    #expect("\(error)" == "x is not right; \(library)" && error.inFlags == "x is not right; \(command)")
    #expect(Failure(error).message == error.inFlags)
  }

  @Test func optionsAreNamed() {
    let error = ShoalError(.badAddress, "x:y: the port must be a number", option: .listen)
    #expect("\(error)" == "listen x:y: the port must be a number")
    #expect(error.inFlags == "--listen x:y: the port must be a number")
    #expect(ShoalError(.badAddress, "x", option: .trackers).inFlags == "--tracker x")
    let quota = ShoalError(.diskFull, "is there a quota?", remedy: .otherDestination)
    #expect(quota.message == "is there a quota? choose another destination")
    #expect(
      commandWords("we listen at an IPv4 address, see the option listen")
        == "we listen at an IPv4 address, see --listen")
  }

  @Test func theLibraryNamesNoFlags() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent("Sources/Shoal")
    let names = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    #expect(names.count > 40)
    for name in names where name.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      for line in text.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        let flag = /"[^"]*--[a-z]/
        #expect(!line.contains(flag), "\(name): \(line)")
      }
    }
  }
}

import Foundation
import Testing

/// Who may import whom: arrows point down only, and the core knows no system.
@Suite struct ArrowTests {
  static let allowed: [String: Set<String>] = [
    "ShoalWire": ["CShoalKernels"],
    "ShoalTransport": ["ShoalWire"],
    "ShoalSwarm": ["ShoalTransport", "ShoalWire"],
    "ShoalTracker": ["ShoalWire"],
    "ShoalLink": ["ShoalWire"],
    "ShoalCapture": ["ShoalWire"],
    "ShoalTerminal": ["Glibc", "Synchronization", "CShoalBuild"],
    "ShoalSimulator": ["ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker", "ShoalLink"],
    "Shoal": [
      "Glibc", "Synchronization", "CShoal", "ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker", "ShoalLink",
      "ShoalCapture",
    ],
    "ShoalCommand": [
      "Glibc", "Synchronization", "Shoal", "ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker", "ShoalLink",
      "ShoalSimulator", "ShoalTerminal",
    ],
    "dump": [
      "Glibc", "Synchronization", "ReportPage", "ShoalWire", "ShoalSwarm", "ShoalCapture", "ShoalTerminal",
    ],
    "report": [],
    "wan": ["Glibc", "Synchronization", "CShoalWan", "ShoalWire", "ShoalLink", "ShoalTerminal"],
  ]

  @Test(arguments: Tree.swift) func importsOnlyWhatItMay(_ file: Tree.File) throws {
    let allowed = try #require(ArrowTests.allowed[file.module], "a module that the house does not have")
    let pattern = /^(?:@\w+ |public |internal |package )*import (?:struct |class |enum |func |typealias )?([A-Za-z_]+)/
    for line in file.lines {
      guard let match = try pattern.firstMatch(in: line) else { continue }
      #expect(allowed.contains(String(match.1)), "imports \(match.1)")
    }
  }

  @Test func namesNoDependency() throws {
    let manifest = try Tree.text("Package.swift")
    #expect(!manifest.contains(".package("))
    #expect(!manifest.contains("unsafeFlags"))
  }
}

import Foundation
import TestSupport
import Testing

/// Who may import whom: arrows only point down, and the core knows no operating system.
@Suite struct ArrowTests {
  static let allowed: [String: Set<String>] = [
    "ShoalBase": [],
    "ShoalContent": ["CShoalKernels", "ShoalBase"],
    "ShoalWire": ["CShoalKernels", "ShoalBase", "ShoalContent"],
    "ShoalTransport": ["ShoalBase", "ShoalContent", "ShoalWire"],
    "ShoalSwarm": ["ShoalTransport", "ShoalBase", "ShoalContent", "ShoalWire"],
    "ShoalStore": ["ShoalBase", "ShoalContent"],
    "ShoalTracker": ["CShoalKernels", "ShoalBase", "ShoalContent", "ShoalWire"],
    "ShoalLink": ["ShoalBase"],
    "ShoalCapture": ["ShoalBase", "ShoalContent", "ShoalWire"],
    "ShoalTerminal": ["Glibc", "Synchronization", "CShoalBuild", "ShoalBase"],
    "ShoalSimulator": [
      "ShoalStore", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker",
      "ShoalLink",
    ],
    "Shoal": [
      "ShoalStore", "Glibc", "Synchronization", "CShoal", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalTransport",
      "ShoalSwarm",
      "ShoalTracker", "ShoalLink",
      "ShoalCapture",
    ],
    "ShoalCommand": [
      "Glibc", "Synchronization", "Shoal", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalTransport", "ShoalSwarm",
      "ShoalTracker", "ShoalLink",
      "ShoalSimulator", "ShoalTerminal",
    ],
    "dump": [
      "Glibc", "Synchronization", "ReportPage", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalSwarm", "ShoalCapture",
      "ShoalTerminal",
    ],
    "report": [],
    "examples": ["Glibc", "Shoal"],
    "wan": [
      "Glibc", "Synchronization", "CShoalWan", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalLink", "ShoalTerminal",
    ],
  ]

  @Test(arguments: Tree.swift) func importsOnlyWhatItMay(_ file: Tree.File) throws {
    let allowed = try #require(ArrowTests.allowed[file.module], "a module that the house does not have")
    let pattern = /^(?:@\w+ |public |internal |package )*import (?:struct |class |enum |func |typealias )?([A-Za-z_]+)/
    for line in file.lines {
      guard let match = try pattern.firstMatch(in: line) else { continue }
      #expect(allowed.contains(String(match.1)), "imports \(match.1)")
    }
  }

  /// If a target imports a module that it does not declare, it is a matter of chance whether that is built first.
  @Test func everyTargetDependsOnWhatItImports() throws {
    let folders = [
      "example-fetch": "tools/examples/fetch", "example-progress": "tools/examples/progress",
      "example-stream": "tools/examples/stream", "shoal-dump": "tools/dump", "shoal-wan": "tools/wan",
      "ReportPage": "tools/report",
    ]
    let imported = /^(?:@\w+ )*import (?:struct |class |enum |func )?((?:C?Shoal|TestSupport|ReportPage|shoal_)\w*)/
    let files = Tree.files(["Sources", "Tests", "tools"], [".swift"])
    var targets = 0
    for block in try Checkout.text("Package.swift").replacing("TestTarget(", with: "testTarget(").split(
      separator: "arget(\n")
      + Checkout.text("Package.swift").split(separator: "arget(name")
    {
      guard let name = block.prefix(120).firstMatch(of: /^\s*(?:name)?: "([\w-]+)"/).map({ String($0.1) }) else {
        continue
      }
      targets += 1
      let listed = block.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 ?? ""
      let dependencies = listed.replacing("-", with: "_")
      let folder = folders[name]
      for file in files {
        let isOwn = folder.map { file.path.hasPrefix($0 + "/") } ?? (file.module == name)
        guard isOwn else { continue }
        for line in file.lines {
          guard let match = line.firstMatch(of: imported) else { continue }
          #expect(dependencies.contains("\"\(match.1)\""), "\(file.path) imports \(match.1)")
        }
      }
    }
    #expect(targets > 20)
  }

  @Test func namesNoDependency() throws {
    let manifest = try Checkout.text("Package.swift")
    #expect(!manifest.contains(".package("))
    #expect(!manifest.contains("unsafeFlags"))
  }
}

// swift-tools-version: 6.2
import Glibc
import PackageDescription

let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]
let system: [CSetting] = [.define("_GNU_SOURCE")]

// A checkout tells its commit; what was unpacked from an archive has none, nor that of a repository around it.
let isCheckout = access(Context.packageDirectory + "/.git", F_OK) == 0
let commit: [CSetting] =
  (isCheckout ? Context.gitInformation : nil).map { git in
    [.define("SHOAL_COMMIT", to: "\"\(git.currentCommit.prefix(12))\(git.hasUncommittedChanges ? "+" : "")\"")]
  } ?? []

let package = Package(
  name: "shoal",
  products: [
    .library(name: "Shoal", targets: ["Shoal"]),
    .executable(name: "shoal", targets: ["ShoalCommand"]),
    .executable(name: "shoal-dump", targets: ["shoal-dump"]),
    .executable(name: "shoal-wan", targets: ["shoal-wan"]),
  ],
  targets: [
    .target(name: "CShoalKernels"),
    .target(name: "CShoal", cSettings: system),
    .target(name: "ShoalBase", swiftSettings: lifetimes),
    .target(name: "ShoalContent", dependencies: ["CShoalKernels", "ShoalBase"]),
    .target(name: "ShoalWire", dependencies: ["CShoalKernels", "ShoalBase", "ShoalContent"], swiftSettings: lifetimes),
    .target(name: "ShoalTransport", dependencies: ["ShoalBase", "ShoalContent", "ShoalWire"]),
    .target(name: "ShoalSwarm", dependencies: ["ShoalTransport", "ShoalBase", "ShoalContent", "ShoalWire"]),
    .target(name: "ShoalStore", dependencies: ["ShoalBase", "ShoalContent"]),
    .target(name: "ShoalTracker", dependencies: ["CShoalKernels", "ShoalBase", "ShoalContent", "ShoalWire"]),
    .target(name: "ShoalLink", dependencies: ["ShoalBase"]),
    .target(name: "ShoalCapture", dependencies: ["ShoalBase", "ShoalWire"], swiftSettings: lifetimes),
    .target(name: "CShoalBuild", cSettings: commit),
    .target(name: "ShoalTerminal", dependencies: ["CShoalBuild", "ShoalBase"], cSettings: system),
    .target(
      name: "ShoalSimulator",
      dependencies: [
        "ShoalStore", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker",
        "ShoalLink",
      ]),
    .target(
      name: "Shoal",
      dependencies: [
        "ShoalStore", "CShoal", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalTransport", "ShoalSwarm",
        "ShoalTracker", "ShoalLink",
        "ShoalCapture",
      ],
      cSettings: system),
    .executableTarget(
      name: "ShoalCommand",
      dependencies: [
        "ShoalTracker", "Shoal", "ShoalBase", "ShoalContent", "ShoalCapture", "ShoalWire", "ShoalTransport",
        "ShoalLink", "ShoalSwarm",
        "ShoalSimulator",
        "ShoalTerminal",
      ],
      cSettings: system),
    .target(name: "ReportPage", path: "tools/report", exclude: ["example.svg"], resources: [.embedInCode("page")]),
    .executableTarget(
      name: "shoal-dump",
      dependencies: [
        "ReportPage", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalSwarm", "ShoalCapture", "ShoalTerminal",
      ],
      path: "tools/dump", resources: [.embedInCode("Lua/runtime.lua")], cSettings: system),
    .target(name: "CShoalWan", path: "tools/wan/CShoalWan", cSettings: system),
    .executableTarget(
      name: "shoal-wan",
      dependencies: ["CShoalWan", "ShoalBase", "ShoalWire", "ShoalLink", "ShoalTerminal"],
      path: "tools/wan",
      exclude: ["CShoalWan"], cSettings: system),

    .executableTarget(name: "example-fetch", dependencies: ["Shoal"], path: "tools/examples/fetch"),
    .executableTarget(name: "example-progress", dependencies: ["Shoal"], path: "tools/examples/progress"),
    .executableTarget(name: "example-stream", dependencies: ["Shoal"], path: "tools/examples/stream"),

    .target(name: "TestSupport", dependencies: ["ShoalBase"], path: "Tests/TestSupport", cSettings: system),
    .testTarget(name: "ShoalBaseTests", dependencies: ["ShoalBase", "TestSupport"]),
    .testTarget(name: "ShoalContentTests", dependencies: ["TestSupport", "ShoalBase", "ShoalContent"]),
    .testTarget(
      name: "ShoalWireTests", dependencies: ["TestSupport", "ShoalBase", "ShoalContent", "ShoalWire", "CShoalKernels"]),
    .testTarget(
      name: "ShoalTransportTests",
      dependencies: [
        "TestSupport", "ShoalTransport", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalSimulator", "ShoalLink",
      ]),
    .testTarget(name: "ShoalLinkTests", dependencies: ["ShoalLink", "ShoalBase"]),
    .testTarget(
      name: "ShoalSimulatorTests",
      dependencies: ["TestSupport", "ShoalSimulator", "ShoalTransport", "ShoalBase", "ShoalWire", "ShoalLink"]),
    .testTarget(
      name: "ShoalTrackerTests",
      dependencies: ["TestSupport", "ShoalTracker", "ShoalBase", "ShoalContent", "ShoalWire"]),
    .testTarget(
      name: "ShoalSwarmTests",
      dependencies: [
        "ShoalTransport", "ShoalStore", "TestSupport", "ShoalSwarm", "ShoalTracker", "ShoalBase", "ShoalContent",
        "ShoalWire",
        "ShoalSimulator",
        "ShoalLink",
      ]),
    .testTarget(name: "ShoalCaptureTests", dependencies: ["TestSupport", "ShoalCapture", "ShoalBase", "ShoalWire"]),
    .testTarget(name: "ShoalTerminalTests", dependencies: ["TestSupport", "ShoalTerminal"]),
    .testTarget(
      name: "ShoalTests",
      dependencies: [
        "TestSupport", "ShoalStore", "ShoalTransport", "Shoal", "ShoalSwarm", "ShoalTracker", "ShoalBase",
        "ShoalContent", "ShoalWire",
      ]),
    .testTarget(
      name: "ShoalCommandTests",
      dependencies: [
        "TestSupport", "ShoalTracker", "ShoalCommand", "ShoalSwarm", "Shoal", "ShoalBase", "ShoalContent",
        "ShoalCapture",
        "ShoalWire",
        "ShoalTransport",
        "ShoalLink",
        "ShoalSimulator", "ShoalTerminal",
      ]),
    .testTarget(
      name: "DumpTests",
      dependencies: [
        "TestSupport", "ReportPage", "shoal-dump", "Shoal", "ShoalBase", "ShoalContent", "ShoalCapture", "ShoalWire",
        "ShoalTransport",
        "ShoalSwarm",
        "ShoalLink",
        "ShoalSimulator",
      ],
      exclude: ["Captures"]),
    .testTarget(
      name: "WanTests",
      dependencies: ["TestSupport", "shoal-wan", "ShoalBase", "ShoalLink", "ShoalTerminal"]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["TestSupport", "Shoal", "ShoalBase", "ShoalContent", "ShoalWire", "ShoalLink", "ShoalCapture"],
      exclude: ["Outsider"]),
    .testTarget(name: "TidyTests", dependencies: ["TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

// Memory safety is checked in every target (SE-0458): `unsafe` stands only in files whose names say so.
for target in package.targets where target.type != .plugin {
  target.swiftSettings = (target.swiftSettings ?? []) + [.strictMemorySafety()]
}

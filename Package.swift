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
    .target(name: "ShoalWire", dependencies: ["CShoalKernels"], swiftSettings: lifetimes),
    .target(name: "ShoalTransport", dependencies: ["ShoalWire"]),
    .target(name: "ShoalSwarm", dependencies: ["ShoalTransport", "ShoalWire"]),
    .target(name: "ShoalTracker", dependencies: ["ShoalWire"]),
    .target(name: "ShoalLink", dependencies: ["ShoalWire"]),
    .target(name: "ShoalCapture", dependencies: ["ShoalWire"]),
    .target(name: "CShoalBuild", cSettings: commit),
    .target(name: "ShoalTerminal", dependencies: ["CShoalBuild"]),
    .target(
      name: "ShoalSimulator",
      dependencies: ["ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker", "ShoalLink"]),
    .target(
      name: "Shoal",
      dependencies: [
        "CShoal", "ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalTracker", "ShoalLink", "ShoalCapture",
      ],
      cSettings: system),
    .executableTarget(
      name: "ShoalCommand",
      dependencies: [
        "Shoal", "ShoalWire", "ShoalTransport", "ShoalTracker", "ShoalLink", "ShoalSimulator", "ShoalTerminal",
      ],
      cSettings: system),
    .target(name: "ReportPage", path: "tools/report", exclude: ["example.svg"], resources: [.embedInCode("page")]),
    .executableTarget(
      name: "shoal-dump", dependencies: ["ReportPage", "ShoalWire", "ShoalSwarm", "ShoalCapture", "ShoalTerminal"],
      path: "tools/dump", cSettings: system),
    .target(name: "CShoalWan", path: "tools/wan/CShoalWan", cSettings: system),
    .executableTarget(
      name: "shoal-wan", dependencies: ["CShoalWan", "ShoalWire", "ShoalLink", "ShoalTerminal"], path: "tools/wan",
      exclude: ["CShoalWan"], cSettings: system),

    .testTarget(name: "ShoalWireTests", dependencies: ["ShoalWire", "CShoalKernels"]),
    .testTarget(
      name: "ShoalTransportTests", dependencies: ["ShoalTransport", "ShoalWire", "ShoalSimulator", "ShoalLink"]),
    .testTarget(name: "ShoalLinkTests", dependencies: ["ShoalLink", "ShoalWire"]),
    .testTarget(
      name: "ShoalSimulatorTests", dependencies: ["ShoalSimulator", "ShoalTransport", "ShoalWire", "ShoalLink"]),
    .testTarget(name: "ShoalTrackerTests", dependencies: ["ShoalTracker", "ShoalWire"]),
    .testTarget(
      name: "ShoalSwarmTests", dependencies: ["ShoalSwarm", "ShoalTracker", "ShoalWire", "ShoalSimulator", "ShoalLink"]),
    .testTarget(name: "ShoalCaptureTests", dependencies: ["ShoalCapture", "ShoalWire"]),
    .testTarget(name: "ShoalTerminalTests", dependencies: ["ShoalTerminal"]),
    .testTarget(name: "ShoalTests", dependencies: ["Shoal", "ShoalSwarm", "ShoalWire"]),
    .testTarget(
      name: "ShoalCommandTests",
      dependencies: [
        "ShoalCommand", "Shoal", "ShoalWire", "ShoalTransport", "ShoalLink", "ShoalSimulator", "ShoalTerminal",
      ]),
    .testTarget(
      name: "DumpTests",
      dependencies: [
        "shoal-dump", "Shoal", "ShoalWire", "ShoalTransport", "ShoalSwarm", "ShoalLink", "ShoalSimulator",
        "ShoalCapture", "ShoalTerminal",
      ],
      exclude: ["Captures"]),
    .testTarget(name: "WanTests", dependencies: ["shoal-wan", "ShoalWire", "ShoalLink", "ShoalTerminal"]),
    .testTarget(name: "EndToEndTests", dependencies: ["Shoal", "ShoalWire", "ShoalLink", "ShoalCapture"]),
    .testTarget(name: "TidyTests", dependencies: ["ShoalWire"]),
  ],
  swiftLanguageModes: [.v6]
)

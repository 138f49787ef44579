// swift-tools-version: 6.2
import PackageDescription

let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]
let system: [CSetting] = [.define("_GNU_SOURCE")]

let package = Package(
  name: "shoal",
  products: [
    .executable(name: "shoal-dump", targets: ["shoal-dump"]),
  ],
  targets: [
    .target(name: "CShoalKernels"),
    .target(name: "ShoalWire", dependencies: ["CShoalKernels"], swiftSettings: lifetimes),
    .target(name: "ShoalCapture", dependencies: ["ShoalWire"]),
    .target(name: "ShoalTerminal"),
    .testTarget(name: "ShoalWireTests", dependencies: ["ShoalWire", "CShoalKernels"]),
    .testTarget(name: "ShoalCaptureTests", dependencies: ["ShoalCapture", "ShoalWire"]),
    .testTarget(name: "ShoalTerminalTests", dependencies: ["ShoalTerminal"]),
    .testTarget(name: "DumpTests", dependencies: ["shoal-dump", "ShoalWire", "ShoalCapture", "ShoalTerminal"]),
    .executableTarget(
      name: "shoal-dump", dependencies: ["ShoalWire", "ShoalCapture", "ShoalTerminal"], path: "tools/dump",
      cSettings: system),
  ],
  swiftLanguageModes: [.v6]
)

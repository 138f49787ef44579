import Foundation
import TestSupport
import Testing

/// Where memory is not safe by construction, and why.
@Suite struct UnsafeTests {
  /// Files beside the `+Linux` ones, which call the system: each must be needed.
  static let allowed = [
    "Sources/ShoalBase/WindowRing+Unsafe.swift": "the memory of all rings",
    "Sources/ShoalBase/Slots+Unsafe.swift": "the memory of what may not be copied",
    "Sources/ShoalBase/Memory+Unsafe.swift": "memory that files and sockets are read into",
    "Sources/ShoalBase/Bytes+Unsafe.swift": "integers in bytes, which Swift 6.3 cannot load safely",
    "Sources/ShoalContent/Blake3/Blake3Kernels+Unsafe.swift": "calls the C kernels",
    "Sources/ShoalWire/Header/CRC32C+Unsafe.swift": "calls the C kernels",
  ]

  @Test(arguments: Tree.swift) func unsafeCodeIsWhereItsNameSaysSo(_ file: Tree.File) throws {
    let names = /\bunsafe\b|\bUnsafe(Mutable)?(Raw)?(Buffer)?Pointer\b|withUnsafe/
    let isUnsafe = file.lines.contains { line in
      !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") && line.firstMatch(of: names) != nil
    }
    let mayBe = file.path.hasSuffix("+Linux.swift") || UnsafeTests.allowed[file.path] != nil
    #expect(!isUnsafe || mayBe, "unsafe code outside the files that are for it")
    if UnsafeTests.allowed[file.path] != nil { #expect(isUnsafe, "no unsafe code any more") }
  }

  /// The check itself stands in the manifest, for every target that there is or will be.
  @Test func everyTargetIsChecked() throws {
    let manifest = try Checkout.text("Package.swift")
    #expect(manifest.contains("for target in package.targets where target.type != .plugin {"))
    #expect(manifest.contains("target.swiftSettings = (target.swiftSettings ?? []) + [.strictMemorySafety()]"))
  }
}

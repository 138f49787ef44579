import Foundation
import TestSupport
import Testing

/// Where memory is not safe by construction, and why.
@Suite struct UnsafeTests {
  /// Files beside the `+Linux` ones, which call the system: each must be needed.
  static let allowed = [
    "Sources/ShoalBase/WindowRing+Unsafe.swift": "the memory of all rings",
    "Sources/ShoalBase/Slots+Unsafe.swift": "the memory of noncopyable values",
    "Sources/ShoalBase/Memory+Unsafe.swift": "memory that files and sockets are read into",
    "Sources/ShoalTracker/Registry/Slab+Unsafe.swift": "the memory of a tracker's tables",
    "Sources/ShoalBase/Bytes+Unsafe.swift": "loads integers from bytes, which Swift 6.3 cannot do safely",
    "Sources/ShoalContent/Blake3/Blake3Kernels+Unsafe.swift": "calls the C kernels",
    "Sources/ShoalWire/Header/CRC32C+Unsafe.swift": "calls the C kernels",
    "tools/dump/Show/TextBuffer+Unsafe.swift": "text at a million lines a second",
    "Tests/ShoalWireTests/CRC32CKernel+Unsafe.swift": "calls each of the C kernels",
  ]

  /// Unsafe code of tests is in a few support files.
  static let inTests: Set = [
    "CalendarTime+Linux.swift", "CRC32CKernel+Unsafe.swift", "CurrentTask+Unsafe.swift", "Environment+Linux.swift",
    "GuardPage+Linux.swift", "OwnThread+Linux.swift", "RunningProgram+Linux.swift", "Scratch+Linux.swift",
    "SocketOption+Linux.swift",
    "Streams+Linux.swift", "SystemCallFilter+Linux.swift", "TestFile+Linux.swift", "TestSocket+Linux.swift",
  ]

  /// The files of the package and its tests, except this one, which has the word in its text.
  private static let files = Tree.all.filter { $0.path.hasSuffix(".swift") && !$0.path.hasSuffix("/UnsafeTests.swift") }

  @Test(arguments: files) func unsafeCodeIsWhereItsNameSaysSo(_ file: Tree.File) throws {
    let names = /\bunsafe\b|\bUnsafe(Mutable)?(Raw)?(Buffer)?Pointer\b|withUnsafe/
    let lines = file.lines.map { $0.trimmingCharacters(in: .whitespaces) }
    let isUnsafe = lines.contains { line in
      line.lowercased().contains("unsafe") && !line.hasPrefix("//") && line.firstMatch(of: names) != nil
    }
    let name = file.path.split(separator: "/").last.map(String.init) ?? ""
    let mayBe =
      file.path.hasPrefix("Tests/")
      ? UnsafeTests.inTests.contains(name) : name.hasSuffix("+Linux.swift") || UnsafeTests.allowed[file.path] != nil
    #expect(!isUnsafe || mayBe, "unsafe code outside the files for it")
    if UnsafeTests.allowed[file.path] != nil || UnsafeTests.inTests.contains(name) {
      #expect(isUnsafe, "no unsafe code any more")
    }
    let saysWhy = lines.contains { $0.hasPrefix("// Safety: ") }
    #expect(isUnsafe == saysWhy, "a file with unsafe code, and only such a file, says after 'Safety:' why it is sound")
  }

  /// The manifest turns the compiler's check on for every target, including future ones.
  @Test func everyTargetIsChecked() throws {
    let manifest = try Checkout.text("Package.swift")
    #expect(manifest.contains("for target in package.targets where target.type != .plugin {"))
    #expect(manifest.contains("target.swiftSettings = (target.swiftSettings ?? []) + [.strictMemorySafety()]"))
  }
}

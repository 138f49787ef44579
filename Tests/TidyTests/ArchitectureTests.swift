import Foundation
import TestSupport
import Testing

/// What `Sources/ARCHITECTURE.md` says must be true.
@Suite struct ArchitectureTests {
  @Test func everyFileThatItNamesExists() throws {
    let text = try Checkout.text("Sources/ARCHITECTURE.md")
    let names = text.matches(of: /`([A-Za-z0-9+]+\.swift)`/).map { String($0.1) }
    let files = Set(Tree.all.map { $0.path.split(separator: "/").last.map(String.init) ?? "" })
    #expect(names.count > 20)
    for name in names { #expect(files.contains(name), "\(name) is named, and is not there") }
  }

  @Test func everyModuleThatItNamesExists() throws {
    let text = try Checkout.text("Sources/ARCHITECTURE.md")
    let modules = Set(Tree.swift.map(\.module))
    for match in text.matches(of: /\b(Shoal[A-Z][a-z]+)\b/) {
      #expect(modules.contains(String(match.1)), "\(match.1) is named, and is not there")
    }
  }
}

import Foundation
import TestSupport
import Testing

/// Sources/JSON.md against the code.
@Suite struct DocumentedJSONTests {
  @Test func everyKeyOfEveryObjectIsListed() throws {
    let document = try Checkout.text("Sources/JSON.md")
    let folder = Checkout.root.appending(path: "Sources/ShoalCommand")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    for file in paths.map({ folder.appending(path: $0) }) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /"([a-z][a-z_0-9]*)": (?:\.|\[|"|progress\.|answer\.|peer\.|is|files|known)/) {
        #expect(document.contains("`\(match.1)`"), "\(match.1) in \(file.lastPathComponent)")
      }
      for match in text.matches(of: /code: "([a-z_]+)"/) where match.1 != "unexpected" {
        #expect(document.contains("`\(match.1)`"), "\(match.1) in \(file.lastPathComponent)")
      }
    }
  }
}

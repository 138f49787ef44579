import Foundation
import Testing

/// README.md's table of objects against the code.
@Suite struct DocumentedJSONTests {
  private let readme = try? String(
    contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md"),
    encoding: .utf8)

  private func section() throws -> Substring {
    let text = try #require(readme)
    let start = try #require(text.range(of: "## For programs")).lowerBound
    return text[start...].split(separator: "\n## ", maxSplits: 1)[0]
  }

  @Test func everyKeyOfEveryObjectIsListed() throws {
    let section = try section()
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/ShoalCommand")
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /"([a-z][a-z_0-9]*)": (?:\.|\[|"|progress\.|answer\.|peer\.|is|files|known)/) {
        #expect(section.contains("`\(match.1)`"), "\(match.1) in \(file.lastPathComponent)")
      }
      for match in text.matches(of: /code: "([a-z_]+)"/) where match.1 != "unexpected" {
        #expect(section.contains("`\(match.1)`"), "\(match.1) in \(file.lastPathComponent)")
      }
    }
  }
}

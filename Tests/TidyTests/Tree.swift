import Foundation
import TestSupport
import Testing

/// The files of this checkout, as text.
enum Tree {
  /// A source file: its path from the root, and its lines.
  struct File: Sendable, CustomTestStringConvertible {
    let path: String
    let text: String
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// The folder below `Sources` or `tools` that it is in.
    var module: String { path.split(separator: "/")[1].description }
    var testDescription: String { path }
  }

  static func files(_ folders: [String], _ suffixes: [String]) -> [File] {
    folders.flatMap { folder -> [File] in
      let base = Checkout.root.appendingPathComponent(folder)
      let names = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []
      return names.sorted().compactMap { name in
        // Documentation snippets, and files compiled as a user's program, are not part of the package.
        let isOutside = name.contains(".docc/") || name.contains("Outsider/")
        guard suffixes.contains(where: name.hasSuffix), !isOutside else { return nil }
        let text = try? String(contentsOf: base.appendingPathComponent(name), encoding: .utf8)
        return text.map { File(path: "\(folder)/\(name)", text: $0) }
      }
    }
  }

  static let swift = files(["Sources", "tools"], [".swift"])
  static let all = files(["Sources", "tools", "Tests"], [".swift", ".c", ".h"])
}

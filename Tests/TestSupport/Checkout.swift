import Foundation

/// The files of this checkout other than the code.
public enum Checkout {
  /// The folder with `Package.swift` in it.
  public static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The path of a file.
  public static func path(_ name: String) -> String { root.appending(path: name).path }

  /// A file's text.
  public static func text(_ name: String) throws -> String {
    try String(contentsOf: root.appending(path: name), encoding: .utf8)
  }
}

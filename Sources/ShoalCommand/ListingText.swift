import Shoal
import ShoalTerminal

/// A folder's listing, for people and for programs.
struct ListingText {
  private let listing: FolderListing

  init(_ listing: FolderListing) { self.listing = listing }

  /// `4.2 MB  2026-11-22T14:03:14Z  a/film.mkv`; a folder ends with a slash, and a program with an asterisk.
  static func line(of entry: FolderListing.Entry) -> String {
    let size = entry.kind == .file ? Units.total(entry.size) : "-"
    let time = entry.modified.map { "\(Timestamp(seconds: $0 / 1_000_000_000).rfc3339.prefix(19))Z" } ?? "-"
    let mark =
      switch entry.kind {
      case .folder: "/"
      case .link: " -> \(escaped(entry.target ?? ""))"
      case .file: entry.isExecutable ? "*" : ""
      }
    return pad(size, 10) + "  " + time + String(repeating: " ", count: max(22 - time.utf8.count, 2))
      + escaped(entry.path) + mark
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.utf8.count, 0)) + text
  }

  /// The last line.
  var summary: String {
    let name = listing.name.map { "\(escaped($0)): " } ?? ""
    return "\(name)\(counted(listing.fileCount, "file")), \(Units.total(listing.size))"
  }

  static func object(of entry: FolderListing.Entry) -> JSON {
    [
      "event": "entry", "path": .string(entry.path), "kind": .string(entry.kind.rawValue), "bytes": .uint(entry.size),
      "executable": .bool(entry.isExecutable), "modified": entry.modified.map { .double(Double($0) / 1e9) } ?? .null,
      "id": entry.id.map { .string($0.hex) } ?? .null, "target": entry.target.map { .string($0) } ?? .null,
    ]
  }

  var done: JSON {
    [
      "event": "done", "name": listing.name.map { .string($0) } ?? .null, "files": .int(listing.fileCount),
      "bytes": .uint(listing.size),
    ]
  }
}

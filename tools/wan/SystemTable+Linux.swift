import Glibc

// Safety: a line is read into an array whose size the system is told; the file is closed once, after the last.

/// The rows of a table that the kernel shows as a file, as words.
struct SystemTable: Sequence {
  private let rows: [[Substring]]

  /// No rows if there is no such file.
  init(_ path: String) {
    var rows: [[Substring]] = []
    if let file = unsafe fopen(path, "re") {
      var line = [CChar](repeating: 0, count: 512)
      while unsafe fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        rows.append(text.split { $0 == " " || $0 == ":" || $0 == "\n" })
      }
      unsafe fclose(file)
    }
    self.rows = rows
  }

  func makeIterator() -> IndexingIterator<[[Substring]]> { rows.makeIterator() }
}

/// The name under which a file whose name came from others may be saved: the last component of its path; nil if
/// there is a `fileNameFault`.
public func safeFileName(_ name: String) -> String? { fileNameFault(name) == nil ? lastComponent(name) : nil }

private func lastComponent(_ name: String) -> String {
  // By scalars: a combining mark after a slash makes one Character of both, and the kernel still sees the slash.
  let last = name.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).last
  return last.map { String($0) } ?? ""
}

/// Why no file may be saved under a name that came from others, in words; nil if one may: its last component is empty
/// or hidden, has characters that cannot be seen, or leaves no room for `.part` in 255 bytes.
public func fileNameFault(_ name: String) -> String? {
  let name = lastComponent(name)
  let isVisible = name.unicodeScalars.allSatisfy {
    switch $0.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
  // Programs read hidden files of certain names without being asked to; the scalar, as a mark may follow the dot.
  if name.unicodeScalars.first == "." { return "the file's name, \(name), would hide it" }
  if name.isEmpty { return "the file has no name" }
  if !isVisible { return "the file's name has characters that cannot be seen" }
  return name.utf8.count > 250 ? "the file's name is longer than 250 bytes" : nil
}

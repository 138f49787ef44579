/// The name under which a file whose name came from others may be saved: the last component of its path; nil if
/// there is a `fileNameFault`.
public func safeFileName(_ name: String) -> String? { fileNameFault(name) == nil ? lastComponent(name) : nil }

private func lastComponent(_ name: String) -> String {
  // By scalars: a combining mark after a slash makes one Character of both, and the kernel still sees the slash.
  let last = name.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).last
  return last.map { String($0) } ?? ""
}

/// Why no file may be saved under a name that came from others, in words; nil if one may: its last component is empty
/// or hidden, shows nothing or something else than it is, or is longer than file systems take.
public func fileNameFault(_ name: String) -> String? {
  let name = lastComponent(name)
  // Programs read hidden files of certain names without being asked to; the scalar, as a mark may follow the dot.
  if name.unicodeScalars.first == "." { return "the file's name, \(name), would hide it" }
  if name.isEmpty { return "the file has no name" }
  if name.unicodeScalars.contains(where: canDeceive) {
    return "the file's name has control or direction characters"
  }
  if !name.unicodeScalars.contains(where: isSeen) { return "the file's name cannot be seen" }
  return name.utf8.count > 255 ? "the file's name is longer than 255 bytes" : nil
}

/// Whether a character does something to a screen rather than show on it, or has others read in another order than they
/// are in. Those that join letters or part them are in the words of many languages, and in emoji.
public func canDeceive(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .lineSeparator, .paragraphSeparator: true
  // Embeddings and overrides of direction, and isolates; not the marks, which have a direction and give none.
  default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
  }
}

private func isSeen(_ scalar: Unicode.Scalar) -> Bool {
  !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
    && scalar.properties.generalCategory != .format
}

/// Where a download to `path` is until it is complete: beside it, under its name and `.part`.
///
/// If these together are longer than the 255 bytes that file systems take, the name is cut, and a hash distinguishes it
/// from others.
public func partPath(of path: String) -> String { sibling(of: path, ".part") }

/// Where the journal of a part is: beside it, under its name and `.journal`.
public func journalPath(of part: String) -> String { sibling(of: part, ".journal") }

private func sibling(of path: String, _ suffix: String) -> String {
  let scalars = path.unicodeScalars
  let start = scalars.lastIndex(of: "/").map(scalars.index(after:)) ?? scalars.startIndex
  let name = String(scalars[start...])
  guard name.utf8.count + suffix.utf8.count > longest else { return path + suffix }
  let bytes = Array(name.utf8)
  let hash = Blake3.hash(bytes.span).short
  var kept = name.unicodeScalars[...]
  while String(kept).utf8.count + 1 + hash.utf8.count + suffix.utf8.count > longest { kept.removeLast() }
  return String(scalars[..<start]) + String(kept) + "~" + hash + suffix
}

private let longest = 255

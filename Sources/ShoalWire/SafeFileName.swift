/// The name under which a file whose name came from others may be saved: the last component of its path; nil if
/// that is empty or hidden, has characters that cannot be seen, or leaves no room for `.part` in 255 bytes.
public func safeFileName(_ name: String) -> String? {
  // By scalars: a combining mark after a slash makes one Character of both, and the kernel still sees the slash.
  let last = name.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).last
  let name = last.map { String($0) } ?? ""
  let isVisible = name.unicodeScalars.allSatisfy {
    switch $0.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
  // Programs read hidden files of certain names without being asked to; the scalar, as a mark may follow the dot.
  let isHidden = name.unicodeScalars.first == "."
  return name.isEmpty || isHidden || !isVisible || name.utf8.count > 250 ? nil : name
}

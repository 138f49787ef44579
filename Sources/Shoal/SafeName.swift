/// The name under which a file whose name came from others may be saved: the last component of its path; nil if
/// that is empty, `.` or `..`, has control characters, or is longer than 255 bytes.
public func safeFileName(_ name: String) -> String? {
  let last = name.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
  let isHarmless = last.unicodeScalars.allSatisfy {
    $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
      && $0.properties.generalCategory != .lineSeparator && $0.properties.generalCategory != .paragraphSeparator
  }
  return last.isEmpty || last == "." || last == ".." || !isHarmless || last.utf8.count > 255 - 5 ? nil : last
}

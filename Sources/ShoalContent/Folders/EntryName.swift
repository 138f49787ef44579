/// Why a name is not allowed for an entry of a folder.
public enum NameFault: Hashable, Sendable {
  /// It is empty, or `.` or `..`.
  case reserved
  /// It has a slash: it is a path, or the root.
  case path
  /// It is not UTF-8.
  case encoding
  /// It has control or bidirectional formatting characters, which can affect a terminal or deceive a reader.
  case deceptive
  /// It is longer than the 255 bytes that file systems allow.
  case length

  /// The fault of a name; nil if it has none. A name may begin with a dot: in a folder, that hides only what was hidden
  /// before.
  public init?(of name: String) {
    if name.isEmpty || name == "." || name == ".." {
      self = .reserved
    } else if name.utf8.contains(UInt8(ascii: "/")) {
      self = .path
    } else if name.utf8.count > Limits.nameLength {
      self = .length
    } else if name.unicodeScalars.contains(where: canDeceive) {
      self = .deceptive
    } else {
      return nil
    }
  }

  /// The fault, as a sentence about the name.
  public var words: String {
    switch self {
    case .reserved: "this name is reserved"
    case .path: "the name has a slash"
    case .encoding: "the name is not UTF-8"
    case .deceptive: "the name has control or direction characters"
    case .length: "the name is longer than \(Limits.nameLength) bytes"
    }
  }
}

/// A name as seen by a file system that ignores case and normalization: canonically equivalent strings are equal in
/// Swift.
func folded(_ name: String) -> String {
  if name.utf8.allSatisfy({ $0 < 0x80 }) { return name.lowercased() }
  return name.uppercased().lowercased()
}

/// Whether a symbolic link, `depth` folders below the top of a folder, stays inside that folder, whatever other links
/// it passes through: it may first go up, no further than the top, and then only down.
public func linkStays(_ target: String, depth: Int) -> Bool {
  guard !target.isEmpty, target.utf8.count <= 4_095 else { return false }
  // Split by scalars, because a combining mark may follow a slash.
  let names = target.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
  let ups = names.prefix { $0 == ".." }.count
  return ups <= depth && names.dropFirst(ups).allSatisfy { NameFault(of: $0) == nil }
}

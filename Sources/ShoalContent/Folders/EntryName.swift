/// Why nothing in a folder may have a name.
public enum NameFault: Hashable, Sendable {
  /// It is empty, or `.` or `..`.
  case reserved
  /// It has a slash: it is a path, or the root.
  case path
  /// It is not UTF-8.
  case encoding
  /// It draws on a screen, or deceives who reads it.
  case deceptive
  /// It is longer than the 255 bytes that file systems take.
  case length

  /// The fault of a name; nil if it has none. A name that begins with a dot is no fault: in a folder it hides nothing that
  /// was not hidden before.
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
    case .reserved: "nothing may be called that"
    case .path: "the name has a slash"
    case .encoding: "the name is not UTF-8"
    case .deceptive: "the name has characters that draw or deceive"
    case .length: "the name is longer than \(Limits.nameLength) bytes"
    }
  }
}

/// A name as a file system sees it that tells neither cases nor normal forms apart: strings with the same letters, however
/// they are written, are equal in Swift.
func folded(_ name: String) -> String {
  if name.utf8.allSatisfy({ $0 < 0x80 }) { return name.lowercased() }
  return name.uppercased().lowercased()
}

/// Whether a symbolic link in a folder, `depth` folders below its top, leads to a place in it, wherever the links lead
/// that it passes: first up, no further than to the top, and then only down.
public func linkStays(_ target: String, depth: Int) -> Bool {
  guard !target.isEmpty, target.utf8.count <= 4_095 else { return false }
  // By scalars: a mark may follow a slash.
  let names = target.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
  let ups = names.prefix { $0 == ".." }.count
  return ups <= depth && names.dropFirst(ups).allSatisfy { NameFault(of: $0) == nil }
}

import CShoalBuild

// Safety: the texts are constants of the program.

/// What a program was built from, and when.
package enum Build {
  /// `commit 63c8b88b0a3c, built 2026-11-09`.
  package static var description: String {
    let commit = unsafe String(cString: shoal_build_commit())
    return "\(commit.isEmpty ? "unknown commit" : "commit \(commit)"), built \(date)"
  }

  /// The day, as in 2026-11-09.
  static var date: String { unsafe iso(String(cString: shoal_build_date())) }

  /// A date as C's `__DATE__` writes it, `Nov  9 2026`, in the order of ISO 8601.
  static func iso(_ date: String) -> String {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = date.split(separator: " ").map(String.init)
    guard parts.count == 3, let month = months.firstIndex(of: parts[0]) else { return date }
    func two(_ text: String) -> String { text.utf8.count < 2 ? "0" + text : text }
    return "\(parts[2])-\(two("\(month + 1)"))-\(two(parts[1]))"
  }
}

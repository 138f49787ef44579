import ShoalTerminal

extension QlogData {
  /// Reads qlogs; nil if one of them could not be read, for a reason that was printed. A broken record is reported and
  /// skipped.
  static func read(_ paths: [String], _ console: Console) -> QlogData? {
    var qlog = QlogData()
    for path in paths {
      do throws(InputFailure) {
        let log = try PeerLog(path)
        while let event = log.next {
          qlog.add(event)
          try log.advance()
        }
        if let broken = log.broken { console.warning("\(log.name): record \(broken) is broken, perhaps others too") }
      } catch {
        console.error(error.reason, code: error.code)
        return nil
      }
    }
    return qlog
  }
}

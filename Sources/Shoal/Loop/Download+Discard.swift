import ShoalContent

extension Download {
  /// Deletes the part that the download left, unless another download or program continues from it; `claim` is the
  /// part, if it is still open.
  func discardPart(_ claim: File?, _ done: @escaping @Sendable () -> Void) {
    guard let part = part.withLock({ $0.take() }) else { return done() }
    WorkerPool.shared.run {
      let folder = claim?.parts as? RestoredFolder
      guard folder?.discard() ?? FolderMark.discard(part) == false else { return done() }
      withExtendedLifetime(claim ?? StoreWork.claim(part)) { file in
        guard file != nil else { return }
        try? FileSystem.remove(part)
        try? FileSystem.remove(journalPath(of: part))
      }
      done()
    }
  }
}

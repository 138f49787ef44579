import ShoalContent
import ShoalStore
import ShoalSwarm

// The files that are hashed and served.
extension LocalDisk {
  /// A file that is being hashed or served.
  struct Share {
    var key: FileKey?
    let flag: Flag
    let progress: @Sendable (UInt64, UInt64) -> Void
    let done: (Result<(manifest: Manifest, share: Int), ShoalError>) -> Void
  }

  /// Hashes a file that is to be shared; `file` is the open file, if there is one. `progress` is called, on any thread,
  /// with the bytes done and the total. Fails soon after `flag` is set.
  func share(
    _ path: String, _ file: File?, _ chunking: Chunking, until flag: Flag,
    progress: @escaping @Sendable (UInt64, UInt64) -> Void,
    done: @escaping (Result<(manifest: Manifest, share: Int), ShoalError>) -> Void
  ) {
    sharesMade += 1
    shares[sharesMade] = Share(flag: flag, progress: progress, done: done)
    openFiles[.share(sharesMade)] = file
    store.share(sharesMade, path: path, chunking)
    work()
  }

  /// Serves a file that has been hashed, from now on.
  func serve(_ share: Int, _ cut: Cut, as key: FileKey) {
    guard let opened = openFiles[.share(share)], let status = hashed[share] else { return }
    if let former = file(key)?.share, former != share {
      store.forget(share: former)
      close(former)
    }
    shares[share]?.key = key
    set(LocalFile(key, SourceFile(opened, asHashed: status), cut, share: share), key)
  }

  /// Stops sharing; those waiting for a file to be hashed get the reason.
  func stop(_ reason: ShoalError) {
    for share in shares.values where share.key == nil { share.done(.failure(reason)) }
    shares = [:]
  }

  func close(_ share: Int) {
    shares[share] = nil
    openFiles[.share(share)] = nil
    hashed[share] = nil
  }

  func unchanged(_ share: Int) {
    guard let key = shares[share]?.key, let file = file(key) else { return }
    serve(share, file.cut, as: key)
  }

  func unshared(_ share: Int, _ failure: StoreFailure) {
    guard let known = shares[share] else { return }
    let source = known.key.flatMap { file($0)?.source }
    if let key = known.key, let source { withdraw(key, source.fault(at: 0)) }
    close(share)
    if known.key == nil { known.done(.failure(ShoalError(sharing: failure))) }
  }
}

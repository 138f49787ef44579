import ShoalContent

// Folders.
extension Peer {
  /// Hashes files and folders, and from then on serves them together under a name. `onProgress` is called with the
  /// bytes hashed so far and the total.
  ///
  /// Pipes, devices, sockets and links that lead out of their folder are left out: `Share.omissions` says which. A file
  /// that cannot be read, or whose name is not UTF-8, is an error. Only a few files are open at a time. If a file
  /// changes while it is shared, it is no longer served, and `PeerEvent.withheld` says so; the others still are. Files
  /// added later are not shared.
  public func share(
    filesAt paths: [String], name: String, chunking: Chunking = .automatic,
    onProgress: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void = { _, _ in }
  ) async throws(ShoalError) -> Share {
    let scan = try await Peer.result { () throws(ShoalError) in try FolderScan(paths) }.get()
    return try await share(scan, folder: name, name: name, chunking, onProgress)
  }

  func share(
    folder: String, name: String?, chunking: Chunking, onProgress: @escaping @Sendable (UInt64, UInt64) -> Void
  ) async throws(ShoalError) -> Share {
    var path = folder
    while path.utf8.count > 1, path.unicodeScalars.last == "/" { path.unicodeScalars.removeLast() }
    let scan = try await Peer.result { [path] () throws(ShoalError) in try FolderScan(folder: path) }.get()
    return try await share(scan, folder: path, name: name ?? FileSystem.name(of: path), chunking, onProgress)
  }

  private func share(
    _ scan: FolderScan, folder: String, name: String, _ chunking: Chunking,
    _ onProgress: @escaping @Sendable (UInt64, UInt64) -> Void
  ) async throws(ShoalError) -> Share {
    let packed: PackedFolder
    do throws(ListingFault) { packed = try PackedFolder(scan, folder: folder, chunking) } catch {
      throw ShoalError(.file, "\(folder) \(error.words)")
    }
    // Each byte is hashed twice: once for its own file, and once for the content of the folder.
    let total = packed.listing.cut.size
    let flag = Flag()
    let memory = await node.ask { $0.disk.hashes } ?? nil
    let content: Share
    let ids: [Digest]
    do throws(ShoalError) {
      let hashing = await withTaskCancellationHandler {
        await Peer.result { () throws(ShoalError) -> [Digest] in
          packed.begin(memory)
          if let ids = packed.knownIDs { return ids }
          do throws(SystemError) {
            if let ids = try packed.hashFiles(until: flag, { onProgress($0 / 2, total) }) { return ids }
          } catch { throw ShoalError(error) }
          throw ShoalError.closed("the task was cancelled")
        }
      } onCancel: {
        flag.set()
      }
      ids = try hashing.get()
      packed.serve(ids)
      content = try await share(
        folder, File(folder, of: packed), PackedFolder.chunking(chunking, total), name: "", isPart: true
      ) { done, whole in
        onProgress((total + done) / 2, total)
      }
    } catch {
      guard let changed = packed.changed else { throw error }
      throw ShoalError(.changed, "\(changed) was changed while it was read; try again when nothing writes to it")
    }
    let listing: Listing
    do throws(ListingFault) { listing = try packed.listing.with(content.id, ids: ids) } catch {
      throw ShoalError(.file, "\(folder) \(error.words)")
    }
    let omissions = scan.omitted.map { Share.Omission(path: $0.path, reason: $0.reason) }
    let file = try Spool.inMemory(name, listing.bytes)
    return try await share(
      name, file, .automatic, name: name + "/",
      content: Share.Content(
        key: content.key, cut: content.cut, files: listing.fileCount, omissions: omissions))
  }

  /// Runs work that takes long on a thread that may block.
  private static func result<Value: Sendable>(
    _ body: @escaping @Sendable () throws(ShoalError) -> Value
  ) async -> Result<Value, ShoalError> {
    await withCheckedContinuation { continuation in
      SystemThread.run("shoal-folder") {
        do throws(ShoalError) { continuation.resume(returning: .success(try body())) } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
  }

  /// Fetches only the listing of a folder; throws `badListing` if the ticket is not for a folder. `wait` is how long
  /// nothing may arrive before it throws `unavailable`; without it, it waits for ever.
  public func listing(of ticket: Ticket, wait: Duration? = nil) async throws(ShoalError) -> FolderListing {
    let bytes: [UInt8]
    do throws(ShoalError) { bytes = try await fetch(ticket, upTo: ShoalContent.Limits.listingBytes, wait: wait) } catch
    {
      guard error.code == .tooLarge else { throw error }
      throw ShoalError(listing: .noListing)
    }
    do throws(ListingFault) { return FolderListing(try Listing(bytes), name: ticket.plainName) } catch {
      throw ShoalError(listing: error)
    }
  }
}

/// The contents of a shared folder.
public struct FolderListing: Sendable {
  /// The folder's name, if the ticket has one; not to be trusted.
  public let name: String?
  private let listing: Listing

  init(_ listing: Listing, name: String?) { (self.listing, self.name) = (listing, name) }

  /// The total size of all files, in bytes.
  public var size: UInt64 { listing.cut.size }

  /// How many files there are.
  public var fileCount: Int { listing.fileCount }

  /// The entries: each folder comes before its contents, and the names in a folder are in the order of their bytes.
  public var entries: some RandomAccessCollection<Entry> & Sendable {
    listing.entries.indices.lazy.map { [listing] in Entry(listing, $0) }
  }

  /// One file, folder or link.
  public struct Entry: Sendable {
    /// What an entry is.
    public enum Kind: String, Sendable {
      /// A folder.
      case folder
      /// A file.
      case file
      /// A symbolic link.
      case link
    }

    /// Its path, relative to the shared folder.
    public let path: String
    /// What it is.
    public let kind: Kind
    /// The size of a file in bytes; 0 for a folder or link.
    public let size: UInt64
    /// Whether its owner may execute it.
    public let isExecutable: Bool
    /// When it was last modified, in nanoseconds since 1970; nil for a link.
    public let modified: Int64?
    /// A file's BLAKE3 hash, as computed by whoever shared the folder; nil for a folder or link.
    public let id: Digest?
    /// The target of a link, relative to the folder that it is in.
    public let target: String?

    init(_ listing: Listing, _ index: Int) {
      let entry = listing.entries[index]
      path = listing.path(index)
      kind = entry.kind.isFile ? .file : entry.kind == .folder ? .folder : .link
      size = entry.size
      isExecutable = entry.kind == .executable
      modified = kind == .link ? nil : entry.modified
      id = kind == .file ? listing.id(index) : nil
      target = kind == .link ? listing.target(index) : nil
    }
  }
}

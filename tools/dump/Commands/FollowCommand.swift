import Glibc
import ShoalBase
import ShoalCapture
import ShoalContent
import ShoalSwarm
import ShoalTerminal
import ShoalWire

/// `shoal-dump follow FILE`: reassembles the files that a capture carries, and checks them.
struct FollowCommand: ~Copyable {
  static let command = Command(
    "follow", "Reassemble the files of a capture, and check them.",
    examples: ["shoal-dump follow a.pcapng", "shoal-dump follow --output out a.pcapng"],
    arguments: [Argument("file", "Capture to read; - for standard input.", completes: .files)],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("output", "Write complete files here.", short: "o", value: "directory", completes: .directories),
          Option("force", "Replace existing files."),
        ])
    ])
  /// The most files that are reassembled.
  private static let most = 256

  private let console: Console
  private let filter: PacketFilter
  private let directory: String?
  private let replaces: Bool
  private let isJSON: Bool
  private var analyzer = Analyzer()
  private var files: [FollowedFile] = []
  private var early = EarlyBlocks()

  init(console: Console, _ invocation: Invocation) throws(UsageError) {
    self.console = console
    filter = try FilterOptions.filterAlone(invocation)
    directory = invocation.first("output")?.text
    replaces = invocation.has("force")
    isJSON = invocation.has("json")
  }

  /// Runs it; returns whether every file could be reassembled.
  consuming func run(_ path: String, input: Int32) -> Bool {
    var isGood = true
    do throws(InputFailure) {
      var capture = try CaptureFile(path, input: input)
      if let directory { try Self.make(directory) }
      try collect(&capture)
      for remark in capture.reader.remarks { console.note("shoal-dump: \(remark)") }
    } catch {
      console.error(error.reason, code: error.code)
      isGood = false
    }
    if let limit = analyzer.limitReached { console.warning(limit) }
    addEmpty()
    if files.isEmpty, isGood {
      let wanted = analyzer.files.entries.values.count { $0.id != nil }
      let reason = wanted > 0 ? "no OFFER was captured for what it wants" : "no WANT was captured"
      console.failure("no file can be reassembled: \(reason)", code: "no_file")
    }
    for file in files {
      if !finish(file) { isGood = false }
      if file.descriptor >= 0 { close(file.descriptor) }
    }
    if let failure = console.outputFailure { console.error(failure, code: "output") }
    return isGood && console.outputFailure == nil && !files.isEmpty
  }

  /// Makes the directory unless it exists, and makes sure that it can be written to.
  private static func make(_ directory: String) throws(InputFailure) {
    guard SystemCall.makeDirectory(directory), SystemCall.isWritable("\(directory)/.") else {
      throw InputFailure(reason: "\(escaped(directory, asciiOnly: true)): \(systemError())")
    }
  }

  private mutating func collect(_ capture: inout CaptureFile) throws(InputFailure) {
    var clock = Clock(style: .relative)
    var datagram = Datagram()
    repeat {
      while try capture.next(&datagram) {
        clock.begin(datagram.time)
        let seen = analyzer.observe(&datagram)
        guard case .data(let packet) = datagram.content, datagram.verdict == .ok, let flow = seen.flow else { continue }
        guard filter.passes(datagram, seen, clock, analyzer) else { continue }
        read(packet, datagram, flow)
      }
    } while try capture.fill()
  }

  private mutating func read(_ packet: DataPacket, _ datagram: Datagram, _ flow: Int) {
    try? datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      switch part.type {
      case .offer:
        let key = FileTable.Key(flow: flow, file: try Offer.decode(bytes, part.body).file)
        _ = index(of: key)
        for (block, datagram) in early.take(key) { add(block, Bytes(datagram), key) }
      case .block:
        let block = try Block.read(bytes, part.body)
        let key = FileTable.Key(flow: flow, file: block.file)
        if analyzer.files[key]?.cut == nil {
          early.add(block, datagram.bytes, key)
        } else {
          add(block, datagram.bytes, key)
        }
      default: break
      }
    }
  }

  private mutating func add(_ block: Block, _ datagram: Bytes, _ key: FileTable.Key) {
    guard let index = index(of: key), let cut = analyzer.files[key]?.cut else { return }
    let (directory, id) = (directory, files[index].id)
    files[index].add(block, datagram, cut) { Self.spool(directory, id) }
  }

  /// The file that a number means on a flow.
  private mutating func index(of key: FileTable.Key) -> Int? {
    guard let entry = analyzer.files[key], let id = entry.id, let cut = entry.cut else { return nil }
    var index = files.firstIndex { $0.id == id }
    if index == nil, files.count < Self.most {
      files.append(FollowedFile(id: id))
      index = files.count - 1
    }
    if let index { files[index].note(cut, name: entry.name) }
    return index
  }

  /// Adds the empty file: a peer that wants it knows it by its id, and asks for no OFFER.
  private mutating func addEmpty() {
    let id = Blake3.hash(Span())
    guard !files.contains(where: { $0.id == id }), files.count < Self.most,
      analyzer.files.entries.values.contains(where: { $0.id == id })
    else { return }
    var file = FollowedFile(id: id)
    file.note(Cut(size: 0, pieceExponent: Limits.pieceExponents.lowerBound, chunks: 0), name: "")
    files.append(file)
  }

  /// Opens a file for content that is not complete: beside the others under a name of its own, or without any name.
  private static func spool(_ directory: String?, _ id: Digest) -> Int32 {
    if let directory { return SystemCall.open(path(directory, id), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    let temporary = SystemCall.environment("TMPDIR")
    return SystemCall.openTemporary("\(temporary.isEmpty ? "/tmp" : temporary)/shoal-dump.")
  }

  private static func path(_ directory: String, _ id: Digest) -> String { "\(directory)/\(id.hex).part" }

  // MARK: The end

  private func finish(_ file: FollowedFile) -> Bool {
    guard let result = file.check() else { return false }
    var written: String?
    let name = quoted(file.name, asciiOnly: true)
    var problem = (file.failure ?? result.problem).map { "\(name) cannot be reassembled: \($0)" }
    if let directory {
      if problem == nil {
        (written, problem) = place(file, result, directory)
      } else {
        SystemCall.remove(Self.path(directory, file.id))
      }
    }
    if isJSON {
      console.print(object(file, result, written))
    } else {
      console.print(text(file, result) + (written.map { ": \(escaped($0, asciiOnly: true))" } ?? ""))
    }
    if let problem { console.error(problem, code: "file") }
    if !result.isComplete {
      console.failure("\(name) is not complete", code: "incomplete")
    }
    return result.isComplete && problem == nil
  }

  /// Gives the file its name; a file that lacks pieces keeps a name that says so.
  private func place(
    _ file: FollowedFile, _ result: FollowedFile.Result, _ directory: String
  ) -> (written: String?, problem: String?) {
    let spool = Self.path(directory, file.id)
    guard result.wholeBytes > 0 || result.isComplete else {
      SystemCall.remove(spool)
      return (nil, nil)
    }
    // An empty file has no block.
    let descriptor = file.descriptor < 0 ? Self.spool(directory, file.id) : dup(file.descriptor)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, ftruncate(descriptor, off_t(result.cut.size)) == 0 else {
      let reason = systemError()
      SystemCall.remove(spool)
      return (nil, "\(escaped(spool, asciiOnly: true)): \(reason)")
    }
    let name = safeFileName(file.name) ?? file.id.short
    let whole = "\(directory)/\(name)"
    let target = result.isComplete ? whole : partPath(of: whole)
    guard SystemCall.rename(spool, to: target, replacing: replaces) else {
      let isThere = errno == EEXIST
      let reason = isThere ? "exists; use --force, or another --output" : systemError()
      SystemCall.remove(spool)
      return (nil, "\(escaped(target, asciiOnly: true)) \(isThere ? "" : "cannot be written: ")\(reason)")
    }
    return (target, nil)
  }

  private func text(_ file: FollowedFile, _ result: FollowedFile.Result) -> String {
    let head = "\(quoted(file.name, asciiOnly: true))  \(file.id.short)  \(Units.total(result.cut.size))"
    guard result.hasManifest else {
      return "\(head)  \(Units.total(file.seen.count)) seen, not checked: the manifest was not fully captured"
    }
    let chunks = "\(Units.grouped(result.wholeCount)) of \(Units.grouped(result.cut.chunks)) chunks whole"
    let bad = result.badPieces > 0 ? ", \(Units.grouped(result.badPieces)) pieces wrong" : ""
    if result.isComplete { return "\(head)  complete, BLAKE3 verified" }
    let runs = result.wholeChunks.isEmpty ? "" : "  \(RunText(result.wholeChunks).brief)"
    return "\(head)  \(chunks)\(bad)\(runs)"
  }

  private func object(_ file: FollowedFile, _ result: FollowedFile.Result, _ written: String?) -> JSON {
    [
      "id": .string(file.id.hex), "name": .string(file.name), "size": .uint(result.cut.size),
      "piece_size": .int(result.cut.pieceSize), "chunks": .uint(UInt64(result.cut.chunks)),
      "seen_bytes": .uint(file.seen.count), "checked": .bool(result.hasManifest),
      "whole_chunks": .string(RunText(result.wholeChunks).whole), "whole_bytes": .uint(result.wholeBytes),
      "wrong_pieces": .int(result.badPieces), "complete": .bool(result.isComplete),
      "path": written.map { .string($0) } ?? .null,
    ]
  }
}

import ShoalBase
import ShoalContent
import ShoalWire

/// A manifest being fetched: first its head, which proves the size and, with the values or the index, folds to the id;
/// then the pages, each of which folds to a value of the index. A page comes from a single peer, and different pages
/// from different peers at the same time; so a slow peer or a liar holds up nothing, and a liar is known.
struct ManifestFetch {
  /// The pages requested from one peer at a time: 128 KiB.
  static let pagesPerPeer = 2

  /// The head. The peers from which it is requested may cut the file differently: the first that proves its own cut
  /// decides.
  var head = ProofFetch()
  /// The cut, once it is proven.
  private(set) var cut: Cut?
  private var bytes: [UInt8] = []
  /// The first of the pages that have not been requested yet.
  private var nextPage = 0
  private(set) var pages: [Int: ProofFetch] = [:]

  /// Takes a proven head; returns the manifest if there are no pages. Only now is memory reserved for the whole
  /// manifest.
  mutating func found(_ head: ProofFetch.Attempt, id: Digest) -> Manifest? {
    cut = head.cut
    guard head.cut.pages > 1 else { return Manifest(id: id, cut: head.cut, proven: head.bytes) }
    bytes = head.bytes + Array(repeating: 0, count: head.cut.manifestLength - head.bytes.count)
    return nil
  }

  /// The page to request from a source next: one not requested yet or, if there is none, one that takes others long.
  mutating func nextPage(for source: Source, at now: Instant) -> Int? {
    guard let cut, source.cut == cut else { return nil }
    guard pages.values.reduce(0, { $0 + ($1.isAsking(source.link) ? 1 : 0) }) < Self.pagesPerPeer else { return nil }
    if nextPage < cut.pages {
      defer { nextPage += 1 }
      pages[nextPage] = ProofFetch()
      return nextPage
    }
    return pages.filter { $0.value.mayAsk(source.link) && $0.value.wantsMore(at: now) }.map(\.key).min()
  }

  /// Notes that a page is requested from a source; returns the request.
  mutating func ask(_ source: Source, for page: Int, at now: Instant) -> Request? {
    guard let cut else { return nil }
    let (offset, length) = cut.page(page)
    return pages[page]?.ask(source, for: RangeField(offset: offset, length: length), in: .manifest, of: cut, at: now)
  }

  /// The result of a block.
  enum Outcome {
    case more
    case complete(Manifest)
    /// What the peer sent does not fold to the expected value.
    case wrong
  }

  /// Takes a part of a page; the requests to others that it makes needless are appended to a list.
  mutating func takePage(
    _ block: Block, from link: LinkKey, _ datagram: Span<UInt8>, id: Digest, needless: inout [ProofFetch.Attempt],
    at now: Instant
  ) -> Outcome {
    guard let cut else { return .more }
    for page in pages.keys.sorted() {
      guard let attempt = pages[page]?.accept(block, from: link, datagram, at: now) else { continue }
      guard Manifest.proves(page: page, of: cut, attempt.bytes, head: bytes) else {
        pages[page]?.fail(link)
        return .wrong
      }
      needless += pages.removeValue(forKey: page)?.attempts ?? []
      let start = Int(cut.page(page).offset)
      bytes.replaceSubrange(start..<start + attempt.bytes.count, with: attempt.bytes)
      guard pages.isEmpty, nextPage == cut.pages else { continue }
      return Manifest(id: id, cut: cut, proven: bytes).map(Outcome.complete) ?? .more
    }
    return .more
  }

  /// Gives up peers that have not sent anything of a page for a long time. A page that all have failed to send is
  /// requested from all again.
  mutating func reviewPages(_ links: [LinkKey], at now: Instant) {
    for page in pages.keys {
      if let link = pages[page]?.slowest(at: now) { pages[page]?.fail(link) }
      if let fetch = pages[page], !links.contains(where: { fetch.isAsking($0) || fetch.mayAsk($0) }) {
        pages[page] = ProofFetch()
      }
    }
  }

  /// Whether anything is requested on a link.
  func isAsking(_ link: LinkKey) -> Bool { head.isAsking(link) || pages.values.contains { $0.isAsking(link) } }

  /// Nothing more comes on a link.
  mutating func fail(_ link: LinkKey) {
    if head.isAsking(link) { head.drop(link) }
    for page in pages.keys where pages[page]?.isAsking(link) == true { pages[page]?.fail(link) }
  }
}

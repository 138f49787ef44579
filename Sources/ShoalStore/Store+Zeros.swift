import ShoalBase
import ShoalContent

// Searching for pieces that are all zeros.
extension Store {
  /// Starts the searches that are worthwhile.
  mutating func searchZeros(_ number: Int) {
    guard let manifest = downloads[number]?.manifest, downloads[number]?.keepsJournal == true else { return }
    while let run = downloads[number]?.zeros.next() {
      add(.followZeros(manifest, run), .download(number), for: .zeros(run))
    }
    if let reserved = downloads[number]?.zeros.newlyReserved() {
      events.append(.reserved(file: number, reserved))
    }
  }

  mutating func tried(_ run: ZeroSearch.Run, _ number: Int, _ result: Result<StoreFinding, DiskError>) {
    guard let stored = downloads[number] else { return }
    guard case .success(.zeros(let count)) = result else { return advance(number, result) }
    downloads[number]?.zeros.tried(run, zeros: count)
    if count > 0 {
      var found = BitSet(capacity: stored.manifest.cut.pieces)
      found.insert(run.prefix(count))
      downloads[number]?.journal.found(found)
      events.append(.found(file: number, found))
    }
    searchZeros(number)
  }
}

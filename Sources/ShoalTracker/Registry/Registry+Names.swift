import ShoalBase
import ShoalContent
import ShoalWire

// Names. A file is found under the name that its claimant gives it.
extension Registry {
  /// The claimant has gone: another peer takes its place. Of a few candidates, it is one with the same cut and name or,
  /// failing that, the one whose cut and name were known first.
  mutating func replaceClaimant(of file: UInt32, _ label: UInt32) {
    unlist(file)
    var next = chainEnd
    search: for family in 0..<2 {
      let members = files[file].members[family]
      for place in 0..<min(members.count, Registry.mostAsked) {
        let index = entry(members, family, place)
        if entries[index].label == label {
          next = index
          break search
        }
        if next == chainEnd || labels[entries[index].label].serial < labels[entries[next].label].serial { next = index }
      }
    }
    files[file].claimant = next
    if next != chainEnd { list(file) }
  }

  private static let mostAsked = 8

  /// Lets FIND find a file under the name that its claimant gives it.
  mutating func list(_ file: UInt32) {
    let claimant = files[file].claimant
    guard files[file].name == chainEnd || files[file].short == chainEnd, claimant != chainEnd,
      labels[entries[claimant].label].nameLength > 0
    else { return }
    let claim = NameClaim(file: file, host: hostHash(member(claimant).address))
    if files[file].short == chainEnd { listByID(claim) }
    guard files[file].name == chainEnd else { return }
    let name = name(of: entries[claimant].label)
    var known = names.find(name, in: arena)
    if known != chainEnd, names.count(known) >= configuration.filesPerName {
      guard let victim = names.victim(known, for: claim.host, in: arena) ?? least(known, than: file) else { return }
      unlist(victim, keepingID: true)
      // It may have been the only one.
      known = names.find(name, in: arena)
    }
    guard configuration.filesPerName > 0 else { return }
    (files[file].name, files[file].namePlace) = names.insert(claim, name, found: known, in: &arena)
    listed.insert(file)
  }

  /// The file of this name that the fewest hosts have, if they are fewer than those of `file`.
  private func least(_ name: UInt32, than file: UInt32) -> UInt32? {
    let claims = names.claims(name, in: arena)
    guard let least = claims.min(by: { files[$0.file].hostCount < files[$1.file].hostCount }) else { return nil }
    return files[least.file].hostCount < files[file].hostCount ? least.file : nil
  }

  private mutating func listByID(_ claim: NameClaim) {
    let short = files[claim.file].id.short
    var known = shortIDs.find(short, in: arena)
    if known != chainEnd, shortIDs.count(known) >= configuration.filesPerName {
      guard let victim = shortIDs.victim(known, for: claim.host, in: arena) else { return }
      unlistByID(victim)
      known = shortIDs.find(short, in: arena)
    }
    guard configuration.filesPerName > 0 else { return }
    (files[claim.file].short, files[claim.file].shortPlace) = shortIDs.insert(claim, short, found: known, in: &arena)
  }

  private mutating func unlistByID(_ file: UInt32) {
    guard files[file].short != chainEnd else { return }
    if let moved = shortIDs.remove(files[file].short, files[file].shortPlace, in: &arena) {
      files[moved].shortPlace = files[file].shortPlace
    }
    files[file].short = chainEnd
  }

  mutating func unlist(_ file: UInt32, keepingID: Bool = false) {
    if !keepingID { unlistByID(file) }
    guard files[file].name != chainEnd else { return }
    if let moved = names.remove(files[file].name, files[file].namePlace, in: &arena) {
      files[moved].namePlace = files[file].namePlace
    }
    files[file].name = chainEnd
    listed.remove(file)
  }

  // MARK: FIND

  /// The files that FIND finds, in no order: those of this name, and those whose ids begin with it.
  mutating func found(_ name: String, isPart: Bool) -> [NamedFile] {
    var found: [NamedFile] = []
    let known = names.find(name, in: arena)
    if known != chainEnd {
      let claims = names.claims(known, in: arena)
      found.reserveCapacity(claims.count)
      for claim in claims { files.prefetch(Int(claim.file)) }
      for claim in claims { found.append(named(claim, isPart: isPart)) }
    }
    for claim in self.found(idPrefix: name) where !found.contains(where: { $0.file == claim.file }) {
      var other = named(claim, isPart: isPart)
      other.isNamed = false
      found.append(other)
    }
    return found
  }

  private mutating func named(_ claim: NameClaim, isPart: Bool) -> NamedFile {
    // Each part has its own numbers for hosts.
    let host = isPart ? HostKey(member(files[claim.file].claimant).address).hashValue : Int(claim.host)
    return NamedFile(
      file: claim.file, host: host, hosts: files[claim.file].hostCount,
      lot: UInt32(truncatingIfNeeded: random.next()))
  }

  /// The listed files whose ids begin with these digits, of which there must be eight or more. The id of an unlisted
  /// file is a secret.
  private func found(idPrefix digits: String) -> [NameClaim] {
    let missing = 2 * Digest.byteCount - digits.utf8.count
    guard digits.utf8.count >= Registry.shortest, missing >= 0, digits.utf8.allSatisfy(\.isHexDigit) else { return [] }
    let digits = digits.lowercased()
    guard
      let least = Digest(hex: digits + String(repeating: "0", count: missing)),
      let most = Digest(hex: digits + String(repeating: "f", count: missing))
    else { return [] }
    let short = shortIDs.find(least.short, in: arena)
    guard short != chainEnd else { return [] }
    return shortIDs.claims(short, in: arena).filter {
      !(files[$0.file].id < least) && !(most < files[$0.file].id)
    }
  }

  private static let shortest = 8
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}

import ShoalContent
import ShoalWire

// What a registration says.
extension Registry {
  func key(_ index: UInt32) -> RegistrationKey {
    RegistrationKey(peer: member(index).address, id: files[labels[entries[index].label].file].id)
  }

  func name(of label: UInt32) -> String { arena.text(labels[label].name, Int(labels[label].nameLength)) }

  /// How many chunks a peer has, and how many there are by its cut.
  func chunks(_ index: UInt32) -> (have: Int, of: Int) {
    let chunks = Int(labels[entries[index].label].chunks)
    guard entries[index].map == WordArena.none else { return (arena.count(ofMap: entries[index].map), chunks) }
    return (member(index).share == .max ? chunks : 0, chunks)
  }

  /// Whether a peer has a chunk, by its own cut.
  func has(_ chunk: UInt32, _ index: UInt32, share: UInt8) -> Bool {
    let chunks = labels[entries[index].label].chunks
    guard chunk < chunks, share > 0 else { return false }
    return share == .max || arena.map(entries[index].map, capacity: Int(chunks), contains: Int(chunk))
  }
}

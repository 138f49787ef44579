extension Blake3 {
  /// Leaves whose values are held at once: 16 KiB of them. A power of two, and enough that folding them costs the
  /// vector kernels little.
  static let batchLeaves = 512

  /// The value of the node over `bytes`.
  static func node(
    _ bytes: UnsafeRawBufferPointer, firstLeaf: UInt64, mode: Mode, root: Bool, engine: Engine
  ) -> Digest {
    guard bytes.count > leafBytes, let start = bytes.baseAddress else {
      return engine.leaf(bytes, index: firstLeaf, mode: mode, root: root)
    }
    let batchBytes = batchLeaves * leafBytes
    let batches = (bytes.count - 1) / batchBytes + 1
    let capacity = batches == 1 ? leafCount(bytes: bytes.count) : batchLeaves + batches
    return withUnsafeTemporaryAllocation(of: Digest.self, capacity: capacity) { space in
      guard let values = space.baseAddress else { return .zero }
      if batches == 1 { return subtree(bytes, firstLeaf, mode, root, engine, values) }
      let nodes = values + batchLeaves
      for batch in 0..<batches {
        let offset = batch * batchBytes
        let part = UnsafeRawBufferPointer(start: start + offset, count: min(batchBytes, bytes.count - offset))
        nodes[batch] = subtree(part, firstLeaf &+ UInt64(batch * batchLeaves), mode, false, engine, values)
      }
      return fold(nodes, count: batches, mode: mode, root: root, engine: engine)
    }
  }

  /// The value of the node over at most a batch of leaves, in `values`, which has room for all of theirs.
  private static func subtree(
    _ bytes: UnsafeRawBufferPointer, _ firstLeaf: UInt64, _ mode: Mode, _ root: Bool, _ engine: Engine,
    _ values: UnsafeMutablePointer<Digest>
  ) -> Digest {
    guard bytes.count > leafBytes, let start = bytes.baseAddress else {
      return engine.leaf(bytes, index: firstLeaf, mode: mode, root: root)
    }
    let whole = bytes.count / leafBytes
    engine.leaves(start, count: whole, first: firstLeaf, mode: mode, into: values)
    guard bytes.count % leafBytes > 0 else { return fold(values, count: whole, mode: mode, root: root, engine: engine) }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[(whole * leafBytes)...])
    values[whole] = engine.leaf(rest, index: firstLeaf &+ UInt64(whole), mode: mode, root: false)
    return fold(values, count: whole + 1, mode: mode, root: root, engine: engine)
  }

  /// The value of the node over `count` >= 1 equal nodes, which are overwritten. One node is its own value.
  ///
  /// Level by level, an odd last node rising as it is: that is the left-balanced tree, since the left part of every
  /// node is then the largest power of two that leaves something to the right.
  static func fold(
    _ nodes: UnsafeMutablePointer<Digest>, count: Int, mode: Mode, root: Bool, engine: Engine
  ) -> Digest {
    var count = count
    while count > 2 {
      let pairs = count / 2
      engine.parents(nodes, count: pairs, mode: mode, root: false, into: nodes)
      if count & 1 == 1 { nodes[pairs] = nodes[count - 1] }
      count -= pairs
    }
    if count == 2 { engine.parents(nodes, count: 1, mode: mode, root: root, into: nodes) }
    return nodes[0]
  }

  /// `fold` on a copy; `nodes` is not empty.
  static func fold(_ nodes: ArraySlice<Digest>, mode: Mode, root: Bool, engine: Engine) -> Digest {
    withUnsafeTemporaryAllocation(of: Digest.self, capacity: nodes.count) { space in
      guard let values = space.baseAddress else { return .zero }
      _ = space.initialize(from: nodes)
      return fold(values, count: nodes.count, mode: mode, root: root, engine: engine)
    }
  }

  /// One parent.
  static func parent(_ left: Digest, _ right: Digest, mode: Mode, root: Bool, engine: Engine) -> Digest {
    withUnsafeTemporaryAllocation(of: Digest.self, capacity: 2) { space in
      guard let pair = space.baseAddress else { return .zero }
      pair[0] = left
      pair[1] = right
      engine.parents(pair, count: 1, mode: mode, root: root, into: pair)
      return pair[0]
    }
  }
}

extension Blake3 {
  /// Leaves whose values are held at once: 16 KiB of them. A power of two, and enough that folding them costs the
  /// vector kernels little.
  static let batchLeaves = 512

  /// The value of the node over `bytes`.
  static func node(_ bytes: Span<UInt8>, firstLeaf: UInt64, mode: Mode, root: Bool, engine: Engine) -> Digest {
    guard bytes.count > leafBytes else { return engine.leaf(bytes, index: firstLeaf, mode: mode, root: root) }
    let batchBytes = batchLeaves * leafBytes
    let batches = (bytes.count - 1) / batchBytes + 1
    var leaves = [Digest](repeating: .zero, count: min(leafCount(bytes: bytes.count), batchLeaves))
    var values = leaves.mutableSpan
    if batches == 1 { return subtree(bytes, firstLeaf, mode, root, engine, &values) }
    var nodes = [Digest](repeating: .zero, count: batches)
    for batch in 0..<batches {
      let offset = batch * batchBytes
      let part = bytes.extracting(offset..<min(offset + batchBytes, bytes.count))
      nodes[batch] = subtree(part, firstLeaf &+ UInt64(batch * batchLeaves), mode, false, engine, &values)
    }
    return fold(&nodes, mode: mode, root: root, engine: engine)
  }

  /// The value of the node over at most a batch of leaves, in `values`, which has room for all of theirs.
  private static func subtree(
    _ bytes: Span<UInt8>, _ firstLeaf: UInt64, _ mode: Mode, _ root: Bool, _ engine: Engine,
    _ values: inout MutableSpan<Digest>
  ) -> Digest {
    guard bytes.count > leafBytes else { return engine.leaf(bytes, index: firstLeaf, mode: mode, root: root) }
    let whole = bytes.count / leafBytes
    engine.leaves(bytes, count: whole, first: firstLeaf, mode: mode, into: &values)
    guard bytes.count % leafBytes > 0 else {
      return fold(&values, count: whole, mode: mode, root: root, engine: engine)
    }
    let rest = bytes.extracting((whole * leafBytes)...)
    values[whole] = engine.leaf(rest, index: firstLeaf &+ UInt64(whole), mode: mode, root: false)
    return fold(&values, count: whole + 1, mode: mode, root: root, engine: engine)
  }

  /// The value of the node over `count` >= 1 equal nodes, which are overwritten. One node is its own value.
  ///
  /// Level by level, an odd last node rising as it is: that is the left-balanced tree, since the left part of every
  /// node is then the largest power of two that leaves something to the right.
  private static func fold(
    _ nodes: inout MutableSpan<Digest>, count: Int, mode: Mode, root: Bool, engine: Engine
  ) -> Digest {
    var count = count
    while count > 2 {
      let pairs = count / 2
      engine.parents(&nodes, count: pairs, mode: mode, root: false)
      if count & 1 == 1 { nodes[pairs] = nodes[count - 1] }
      count -= pairs
    }
    if count == 2 { engine.parents(&nodes, count: 1, mode: mode, root: root) }
    return nodes[0]
  }

  /// The value of the node over equal nodes, of which there is at least one, and which are overwritten.
  static func fold(_ nodes: inout [Digest], mode: Mode, root: Bool, engine: Engine) -> Digest {
    let count = nodes.count
    var span = nodes.mutableSpan
    return fold(&span, count: count, mode: mode, root: root, engine: engine)
  }

  /// `fold` on a copy; `nodes` is not empty.
  static func fold(_ nodes: ArraySlice<Digest>, mode: Mode, root: Bool, engine: Engine) -> Digest {
    var copy = Array(nodes)
    return fold(&copy, mode: mode, root: root, engine: engine)
  }

  /// One parent.
  static func parent(_ left: Digest, _ right: Digest, mode: Mode, root: Bool, engine: Engine) -> Digest {
    var pair: InlineArray<2, Digest> = [left, right]
    var span = pair.mutableSpan
    engine.parents(&span, count: 1, mode: mode, root: root)
    return span[0]
  }
}

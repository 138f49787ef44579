/// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), the whole hash and the parts of its tree.
///
/// The input is cut into leaves of 1,024 bytes, the last perhaps shorter (empty only where the input is). Parents join
/// them to a left-balanced binary tree. Every node but the root has a *chaining value*; the root has the hash.
public enum Blake3 {
  /// Bytes in a leaf, 1,024. The paper calls it a chunk; in Shoal that word means something larger.
  public static let leafBytes = 1_024

  /// The hash of `bytes`.
  public static func hash(_ bytes: Span<UInt8>) -> Digest {
    node(bytes, firstLeaf: 0, mode: .hash, root: true, engine: .best)
  }

  /// The keyed hash of `bytes`: a message authentication code (BLAKE3 paper §2.3).
  public static func keyed(key: Digest, _ bytes: Span<UInt8>) -> Digest {
    node(bytes, firstLeaf: 0, mode: .keyed(key), root: true, engine: .best)
  }

  /// How many leaves an input of `bytes` >= 0 bytes has, at least 1.
  public static func leafCount(bytes: Int) -> Int {
    max(1, bytes / leafBytes + (bytes % leafBytes == 0 ? 0 : 1))
  }

  /// The chaining value, as of a node that is not the root, of the subtree over `bytes`, whose first leaf is the leaf
  /// `firstLeaf` of the whole. `bytes` is not empty, and `firstLeaf` a multiple of the number of leaves that the
  /// subtree would have if it were full.
  public static func chainingValue(of bytes: Span<UInt8>, firstLeaf: UInt64) -> Digest {
    precondition(!bytes.isEmpty)
    return node(bytes, firstLeaf: firstLeaf, mode: .hash, root: false, engine: .best)
  }

  /// The node above `left` and `right`: its chaining value, or the hash where it is the root (BLAKE3 paper §2.5).
  public static func parent(_ left: Digest, _ right: Digest, root: Bool) -> Digest {
    parent(left, right, mode: .hash, root: root, engine: .best)
  }

  /// The hash of the whole from the chaining values of at least 2 subtrees in order: aligned and of the same power of
  /// two of leaves, of which only the last may have fewer.
  public static func fold(_ nodes: [Digest]) -> Digest {
    precondition(nodes.count >= 2)
    return fold(nodes[...], mode: .hash, root: true, engine: .best)
  }

  /// The same below the root: the chaining value of the node over these subtrees.
  static func foldInside(_ nodes: [Digest]) -> Digest {
    precondition(nodes.count >= 2)
    return fold(nodes[...], mode: .hash, root: false, engine: .best)
  }
}

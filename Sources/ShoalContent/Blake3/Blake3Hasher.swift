import ShoalBase

extension Blake3 {
  /// Hashes an input that comes in parts of any size. It holds at most 64 KiB of the input, and a chaining value for
  /// each level of the tree.
  public struct Hasher: Sendable {
    // Whole subtrees of this size keep the vector kernels busy.
    private static let bufferLeaves = 64
    private static let bufferBytes = bufferLeaves * leafBytes

    private let mode: Mode
    private let engine: Engine
    // Input not hashed yet. Never empty once there was input, as the last node may turn out to be the root.
    private var buffer: [UInt8] = []
    // The finished subtrees to the left of the buffer, of ever smaller powers of two of leaves.
    private var nodes: [Digest] = []
    private var leaves: UInt64 = 0

    /// The hash of an empty input so far.
    public init() {
      self.init(mode: .hash, engine: .best)
    }

    /// The keyed hash of an empty input so far.
    public init(key: Digest) {
      self.init(mode: .keyed(key), engine: .best)
    }

    init(mode: Mode, engine: Engine) {
      self.mode = mode
      self.engine = engine
    }

    /// Appends `bytes` to the input.
    public mutating func update(_ bytes: Span<UInt8>) {
      var rest = bytes
      while !rest.isEmpty {
        if buffer.count == Self.bufferBytes {
          append(subtree(buffer.span), of: buffer.count)
          buffer.removeAll(keepingCapacity: true)
        }
        let taken: Int
        if buffer.isEmpty && rest.count > Self.bufferBytes {
          taken = directBytes(of: rest.count)
          append(subtree(rest.extracting(..<taken)), of: taken)
        } else {
          taken = min(rest.count, Self.bufferBytes - buffer.count)
          buffer.append(rest.extracting(..<taken))
        }
        rest = rest.extracting(taken...)
      }
    }

    /// The hash of all the input so far; more may follow.
    public func finalize() -> Digest {
      var value = node(buffer.span, firstLeaf: leaves, mode: mode, root: nodes.isEmpty, engine: engine)
      for index in nodes.indices.reversed() {
        value = parent(nodes[index], value, mode: mode, root: index == 0, engine: engine)
      }
      return value
    }

    /// The largest aligned subtree in `count` more bytes that leaves at least one of them.
    private func directBytes(of count: Int) -> Int {
      let fitting = 1 << (Int.bitWidth - 1 - ((count - 1) / leafBytes).leadingZeroBitCount)
      let aligned = leaves == 0 ? fitting : 1 << min(leaves.trailingZeroBitCount, Int.bitWidth - 2)
      return min(fitting, aligned) * leafBytes
    }

    /// The value of the whole subtree over `bytes`, with more to follow it.
    private func subtree(_ bytes: Span<UInt8>) -> Digest {
      node(bytes, firstLeaf: leaves, mode: mode, root: false, engine: engine)
    }

    /// Adds the value of the whole subtree over the next `bytes`, and joins what it completes.
    private mutating func append(_ subtree: Digest, of bytes: Int) {
      var value = subtree
      let size = UInt64(bytes / leafBytes)
      leaves += size
      var subtrees = leaves / size
      while subtrees & 1 == 0, let left = nodes.popLast() {
        value = parent(left, value, mode: mode, root: false, engine: engine)
        subtrees >>= 1
      }
      nodes.append(value)
    }
  }
}

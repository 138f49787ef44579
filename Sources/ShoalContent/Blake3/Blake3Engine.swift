extension Blake3 {
  /// What a hash starts from: the initialisation vector, or a key and a flag (BLAKE3 paper §2.3).
  struct Mode {
    var start: Digest
    var flags: UInt32

    static let hash = Mode(start: initialValue, flags: 0)

    static func keyed(_ key: Digest) -> Mode { Mode(start: key, flags: Flags.keyed) }
  }

  /// The domain separation flags (BLAKE3 paper §2.2, table 3).
  enum Flags {
    static let chunkStart: UInt32 = 1
    static let chunkEnd: UInt32 = 2
    static let parent: UInt32 = 4
    static let root: UInt32 = 8
    static let keyed: UInt32 = 16
  }

  /// Who computes leaves and parents. All give the same values.
  enum Engine: Hashable, Sendable {
    /// One of the C kernels, 1...`Blake3Kernels.count`.
    case kernel(UInt32)
    /// Plain Swift.
    case portable

    /// The fastest on this processor.
    static var best: Engine {
      let kernel = Blake3Kernels.count
      return kernel > 0 ? .kernel(kernel) : .portable
    }

    /// All that this processor can run.
    static var all: [Engine] { [.portable] + (0..<Blake3Kernels.count).map { .kernel($0 + 1) } }

    /// Writes the chaining values of `count` whole leaves at the front of `bytes`, the first of which has index `first`.
    func leaves(_ bytes: Span<UInt8>, count: Int, first: UInt64, mode: Mode, into values: inout MutableSpan<Digest>) {
      switch self {
      case .kernel(let kernel):
        Blake3Kernels.leaves(kernel, bytes, count: count, first: first, mode: mode, into: &values)
      case .portable:
        for leaf in 0..<count {
          let part = bytes.extracting(leaf * leafBytes..<(leaf + 1) * leafBytes)
          values[leaf] = portableLeaf(part, index: first &+ UInt64(leaf), mode: mode, root: false)
        }
      }
    }

    /// Overwrites the first of the `2 * count` nodes with their `count` parents.
    func parents(_ nodes: inout MutableSpan<Digest>, count: Int, mode: Mode, root: Bool) {
      switch self {
      case .kernel(let kernel):
        let flags = mode.flags | (root ? Flags.root : 0)
        Blake3Kernels.parents(kernel, &nodes, count: count, mode: mode, flags: flags)
      case .portable:
        for pair in 0..<count {
          nodes[pair] = portableParent(nodes[2 * pair], nodes[2 * pair + 1], mode: mode, root: root)
        }
      }
    }

    /// The value of the leaf `index`, of 0...1,024 bytes.
    func leaf(_ bytes: Span<UInt8>, index: UInt64, mode: Mode, root: Bool) -> Digest {
      switch self {
      case .kernel:
        Blake3Kernels.leaf(bytes, index: index, mode: mode, flags: mode.flags | (root ? Flags.root : 0))
      case .portable: portableLeaf(bytes, index: index, mode: mode, root: root)
      }
    }
  }
}

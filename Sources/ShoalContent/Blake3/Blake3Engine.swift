import CShoalKernels

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
    /// One of the C kernels, 1...`shoal_blake3_kernel()`.
    case kernel(UInt32)
    /// Plain Swift.
    case portable

    /// The fastest on this processor.
    static var best: Engine {
      let kernel = shoal_blake3_kernel()
      return kernel > 0 ? .kernel(kernel) : .portable
    }

    /// All that this processor can run.
    static var all: [Engine] { [.portable] + (0..<shoal_blake3_kernel()).map { .kernel($0 + 1) } }

    /// Writes the chaining values of `count` whole leaves at `bytes`, the first of which has index `first`.
    func leaves(
      _ bytes: UnsafeRawPointer, count: Int, first: UInt64, mode: Mode, into values: UnsafeMutablePointer<Digest>
    ) {
      switch self {
      case .kernel(let kernel):
        withUnsafePointer(to: mode.start) {
          shoal_blake3_leaves(kernel, bytes, count, $0, first, mode.flags, values)
        }
      case .portable:
        for leaf in 0..<count {
          let part = UnsafeRawBufferPointer(start: bytes + leaf * leafBytes, count: leafBytes)
          values[leaf] = portableLeaf(part, index: first &+ UInt64(leaf), mode: mode, root: false)
        }
      }
    }

    /// Writes the values of the `count` parents of the `2 * count` nodes at `children`; `values` may be `children`.
    func parents(
      _ children: UnsafePointer<Digest>, count: Int, mode: Mode, root: Bool,
      into values: UnsafeMutablePointer<Digest>
    ) {
      switch self {
      case .kernel(let kernel):
        let flags = mode.flags | (root ? Flags.root : 0)
        withUnsafePointer(to: mode.start) {
          shoal_blake3_parents(kernel, children, count, $0, flags, values)
        }
      case .portable:
        for pair in 0..<count {
          values[pair] = portableParent(children[2 * pair], children[2 * pair + 1], mode: mode, root: root)
        }
      }
    }

    /// The value of the leaf `index`, of 0...1,024 bytes.
    func leaf(_ bytes: UnsafeRawBufferPointer, index: UInt64, mode: Mode, root: Bool) -> Digest {
      switch self {
      case .kernel:
        var value = Digest()
        let flags = mode.flags | (root ? Flags.root : 0)
        withUnsafePointer(to: mode.start) {
          shoal_blake3_leaf(bytes.baseAddress, bytes.count, $0, index, flags, &value)
        }
        return value
      case .portable:
        return portableLeaf(bytes, index: index, mode: mode, root: root)
      }
    }
  }
}

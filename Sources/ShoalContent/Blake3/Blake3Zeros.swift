import ShoalBase

extension Blake3 {
  /// The chaining value of a subtree over `count` zero bytes, as `chainingValue(of:firstLeaf:)`, without memory for them.
  public static func chainingValue(ofZeros count: Int, firstLeaf: UInt64) -> Digest {
    precondition(count > 0)
    var nodes: [Digest] = []
    nodes.reserveCapacity(count / zeros.count + 1)
    for offset in stride(from: 0, to: count, by: zeros.count) {
      let part = zeros.span.extracting(..<min(zeros.count, count - offset))
      nodes.append(chainingValue(of: part, firstLeaf: firstLeaf + UInt64(offset / leafBytes)))
    }
    return fold(&nodes, mode: .hash, root: false, engine: .best)
  }

  private static let zeros = [UInt8](repeating: 0, count: 64 * leafBytes)
}

extension Manifest {
  /// Whether a piece is all zeros, of a file that has several.
  public func isZeros(_ piece: Int) -> Bool {
    guard cut.pieces > 1, piece >= 0, piece < cut.pieces else { return false }
    let firstLeaf = cut.pieceOffset(piece) / UInt64(Blake3.leafBytes)
    return Blake3.chainingValue(ofZeros: cut.pieceLength(piece), firstLeaf: firstLeaf) == value(piece)
  }
}

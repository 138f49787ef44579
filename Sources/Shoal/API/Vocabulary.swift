import ShoalContent
import ShoalLink
import ShoalTransport
import ShoalWire

// The core's types that the library's own declarations mention, so that `import Shoal` alone is enough to name them.

/// A BLAKE3 hash: what names a file.
public typealias Digest = ShoalContent.Digest
/// The proof that a peer sent what does not match a file's id.
public typealias Lie = ShoalContent.Lie
/// An IPv4 or IPv6 address with a UDP port.
public typealias Address = ShoalWire.Address
/// How a file is cut into pieces and chunks.
public typealias Cut = ShoalContent.Cut
/// How a file is to be cut into chunks.
public typealias Chunking = ShoalContent.Chunking
/// How lost packets are retransmitted.
public typealias RepeatMode = ShoalWire.RepeatMode
/// The algorithm that decides how much may be in flight and how fast it is sent.
public typealias CongestionAlgorithm = ShoalTransport.CongestionAlgorithm
/// A simulated bad link, placed between a peer or tracker and the network.
public typealias LinkSpec = ShoalLink.LinkSpec

extension LinkSpec {
  /// The link that a text such as `loss=5%,delay=10ms,rate=20mbit/100mbit` describes; `clean` stands for no link.
  public init(_ text: String) throws(ShoalError) {
    do { self = try LinkSpec(parsing: text) } catch {
      throw ShoalError(.badOption, "\(error)", option: .link)
    }
  }
}

extension String {
  /// The text, or nil if it is empty.
  var nilIfEmpty: String? { isEmpty ? nil : self }
}

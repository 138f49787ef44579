/// Why a capture file cannot be read further.
package struct CaptureError: Error, Equatable, Sendable {
  /// Where it broke: bytes from the start of the file to the block, record or header that cannot be read.
  package var offset: UInt64
  /// What is wrong with it.
  package var reason: Reason

  /// What is wrong with a block, a record or a header.
  package enum Reason: Equatable, Sendable {
    /// The file is empty.
    case empty
    /// The file starts with the magic number of neither pcapng nor pcap.
    case unknownFormat
    /// The file is compressed; this program decompresses it.
    case compressed(String)
    /// The format version is unknown.
    case unsupportedVersion(major: UInt16, minor: UInt16)
    /// The file ends in the middle.
    case truncated
    /// A section header has no byte-order magic.
    case badByteOrderMagic
    /// The length is less than the format needs, not a multiple of 4 (pcapng), or above `CaptureReader.maximumBlock`.
    case badLength(UInt32)
    /// The length that ends a block differs from the one that starts it.
    case lengthsDisagree(UInt32, UInt32)
    /// The block has no room for its fixed fields.
    case blockTooShort
    /// The captured length exceeds what the block holds.
    case packetOverrunsBlock(UInt32)
    /// An option is longer than what is left of the block.
    case optionOverrunsBlock(code: UInt16)
    /// An option that is needed does not have the length it must have.
    case badOptionLength(code: UInt16)
    /// A packet names an interface that its section did not describe.
    case undefinedInterface(UInt32)
    /// The section describes more than `CaptureReader.maximumInterfaces` interfaces.
    case tooManyInterfaces
  }

  /// The error with this reason at an offset.
  package init(offset: UInt64, reason: Reason) {
    self.offset = offset
    self.reason = reason
  }
}

extension CaptureError: CustomStringConvertible {
  /// One line for people: `byte 1234: the file ends in the middle of a block`.
  package var description: String { reason == .empty ? "\(reason)" : "byte \(offset): \(reason)" }
}

extension CaptureError.Reason: CustomStringConvertible {
  /// The reason in words.
  package var description: String {
    switch self {
    case .empty: "is empty; a capture has at least a header"
    case .unknownFormat: "neither a pcapng nor a pcap file"
    case .compressed(let program):
      "compressed by \(program); decompress it first: \(program) -dc FILE | shoal-dump -"
    case .unsupportedVersion(let major, let minor): "format version \(major).\(minor) is not supported"
    case .truncated: "the file ends in the middle of a block"
    case .badByteOrderMagic: "a section header without byte-order magic"
    case .badLength(let length): "impossible length \(length)"
    case .lengthsDisagree(let first, let last): "a block of length \(first) ends with length \(last)"
    case .blockTooShort: "a block without room for its fields"
    case .packetOverrunsBlock(let length): "captured length \(length) is more than the block holds"
    case .optionOverrunsBlock(let code): "option \(code) is longer than the rest of the block"
    case .badOptionLength(let code): "option \(code) has the wrong length"
    case .undefinedInterface(let index): "interface \(index) was not described"
    case .tooManyInterfaces: "more than \(CaptureReader.maximumInterfaces) interfaces"
    }
  }
}

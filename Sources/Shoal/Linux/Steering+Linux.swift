import CShoal
import ShoalContent
import ShoalTracker
import ShoalWire

// Safety: the program is copied during the call, which is told its length.

/// An instruction of the classic Berkeley packet filter, laid out as the system has it (`struct sock_filter`).
private struct FilterStep {
  var code: UInt16
  var ifTrue: UInt8 = 0, ifFalse: UInt8 = 0
  var number: UInt32 = 0

  static func loadByte(at offset: Int) -> FilterStep { FilterStep(code: 0x30, number: UInt32(offset)) }
  static func loadWord(at offset: Int) -> FilterStep { FilterStep(code: 0x20, number: UInt32(offset)) }
  static func load(_ number: UInt32) -> FilterStep { FilterStep(code: 0x00, number: number) }
  /// Leaves out the steps that follow if the byte is this one.
  static func skip(_ steps: [FilterStep], if byte: UInt8) -> FilterStep {
    FilterStep(code: 0x15, ifTrue: UInt8(steps.count), number: UInt32(byte))
  }
  static func multiply(by number: UInt32) -> FilterStep { FilterStep(code: 0x24, number: number) }
  static func shiftRight(by bits: UInt32) -> FilterStep { FilterStep(code: 0x74, number: bits) }
  static func remainder(of number: Int) -> FilterStep { FilterStep(code: 0x94, number: UInt32(number)) }
  /// Keeps a copy, with which `exclusiveOr` is done.
  static let copy = FilterStep(code: 0x07)
  static let exclusiveOr = FilterStep(code: 0xac)
  static let answer = FilterStep(code: 0x16)
}

extension UDPSocket {
  /// Has the system give each request about a file to the socket, of those that share this port, whose worker has the
  /// file, and spread all others. Where it cannot, it spreads all of them by their senders' addresses.
  func steer(by part: RegistrarPart) {
    let (type, transaction, id) = (3, Limits.headerLength - 4, Limits.headerLength + MemoryLayout<UInt64>.size)
    // Put together from the end: a request about a file leaves out the steps for all others.
    var program: [FilterStep] = [.loadWord(at: transaction), .remainder(of: part.count), .answer]
    for type in RegistrarPart.requestsAboutFiles { program.insert(.skip(program, if: type.rawValue), at: 0) }
    program.insert(.loadByte(at: type), at: 0)
    program.append(.load(part.hash.start))
    for word in 0..<Digest.byteCount / 4 {
      program += [.copy, .loadWord(at: id + 4 * word), .exclusiveOr, .multiply(by: part.hash.first)]
      program += [.copy, .shiftRight(by: PartHash.shift), .exclusiveOr, .multiply(by: part.hash.second)]
    }
    program += [.shiftRight(by: PartHash.unused), .remainder(of: part.count), .answer]
    let length = UInt16(program.count)
    unsafe program.withUnsafeBytes { unsafe _ = shoal_steer(descriptor, $0.baseAddress, length) }
  }
}

import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// A peer of a `World`: a swarm, and what a real host does around it, in memory.
package final class WorldPeer {
  /// Its address.
  package let address: Address
  /// What it was told at its start.
  package let configuration: SwarmConfiguration
  /// The swarm; after a call that gives it something to do, have the world `flush` the peer.
  package var swarm: Swarm
  /// What it serves or fetches, by the key's index.
  package internal(set) var files: [WorldCopy] = []
  /// The swarm's events, but those about each block and piece.
  package internal(set) var events: [SwarmEvent] = []
  /// It has crashed or left.
  package internal(set) var isGone = false
  /// Payload bytes of file that it has sent, repeats included.
  package internal(set) var contentSent = 0
  /// How often it had something to do because time had passed.
  package internal(set) var wakes = 0
  /// How long a worker needs to verify and write a piece, or to prepare a place.
  package var verificationDelay: Nanoseconds = 0
  /// The pieces of which it sends wrong bytes.
  package var lies: (Int) -> Bool = { _ in false }
  /// Sees and may change each datagram as it is sent, before its checksum; if it says false, it is not sent.
  package var tamper: ((inout [UInt8]) -> Bool)?

  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  var store = Store()
  /// Its disk.
  package var disk = SimulatedDisk()
  /// The open file of each download, as its disk names it.
  var handles: [Int: Int] = [:]
  /// The pieces that are to be settled.
  var gathered: [StoreJobID: [UInt8]] = [:]
  /// What is being read to be sent.
  var reads: [StoreJobID: ReadKey] = [:]
  /// What the disk will be done with then.
  var jobs: [(id: StoreJobID, job: StoreJob, at: Instant)] = []

  init(_ address: Address, _ configuration: SwarmConfiguration, secrets: UInt64) {
    self.address = address
    self.configuration = configuration
    swarm = Swarm(configuration, secrets: SecretGenerator(seed: secrets))
  }

  deinit { buffer.deallocate() }

  /// When it must be woken.
  var deadline: Instant { jobs.reduce(swarm.deadline) { min($0, $1.at) } }

  func verificationDelay(of job: StoreJob) -> Nanoseconds {
    switch job {
    case .settle, .allocate: verificationDelay
    default: 0
    }
  }

  /// What became of a file.
  package subscript(_ key: FileKey) -> WorldCopy { files[key.index] }
}

/// What a peer has of a file.
package struct WorldCopy: Sendable {
  /// The file, cut as the peer knows it.
  package internal(set) var file: WorldFile
  /// Its key in the peer's swarm.
  package let key: FileKey
  /// The pieces that are written, and that were there when the peer began.
  package internal(set) var written: BitSet
  /// How often pieces were verified.
  package internal(set) var verified = 0
  /// How often they were wrong.
  package internal(set) var wrong = 0
  /// When all was here.
  package internal(set) var completedAt: Instant?
  /// How often a piece was dropped.
  package internal(set) var dropped = 0

  /// When it was on the disk under its name.
  package internal(set) var storedAt: Instant?
  /// Why it could not be stored.
  package internal(set) var failure: StoreFailure?

  var gathering: [Int: [UInt8]] = [:]
  var had: Int
  let isKept: Bool

  init(_ file: WorldFile, _ key: FileKey, had: BitSet, isKept: Bool = true) {
    self.file = file
    self.key = key
    self.had = had.count
    self.isKept = isKept
    written = had
  }

  /// Where a peer keeps a file.
  package static func path(_ id: Digest) -> String { "files/\(id.short)" }
}

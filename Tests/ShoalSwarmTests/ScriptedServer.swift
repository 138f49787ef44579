import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire

/// A host that offers a scene's whole file and, of what is asked for, sends what it is told to.
final class ScriptedServer {
  /// The host itself.
  private(set) var stranger: WorldStranger!
  /// The ranges of the file that it was asked for, in order.
  private(set) var asked: [RangeField] = []
  /// The ranges of the file that it was told not to send.
  private(set) var cancelled: [RangeField] = []
  /// How often a file was wanted from it, and how often that was cancelled.
  private(set) var wants = 0, ends = 0
  /// Its connections, the latest last.
  private(set) var connections: [ConnectionID] = []
  /// The number of the file that was last wanted.
  private(set) var number: UInt16 = 0
  /// What it sends when asked for a range of the file.
  var answer: (RangeField) -> [RangeField]
  /// Whether it sends what is asked for of the manifest.
  var sendsManifest: (RangeField) -> Bool = { _ in true }
  /// Which bytes of the manifest it sends wrong.
  var manifestIsWrong: (Int) -> Bool = { _ in false }
  /// Whether it sends what is asked for of the tree, and whether that is right.
  var sendsTree: (RangeField) -> Bool = { _ in true }
  var treeIsRight = true
  /// The ranges of the tree that it was asked for.
  private(set) var treesAsked: [RangeField] = []
  /// Which bytes it sends wrong.
  var isWrong: (UInt64) -> Bool = { _ in false }
  private unowned let scene: Scene

  init(
    _ scene: Scene, _ link: String = "delay=5ms", at address: Address? = nil,
    offers: ((inout Offer) -> Void)? = { _ in },
    answer: @escaping (RangeField) -> [RangeField] = { [$0] }
  ) {
    self.scene = scene
    self.answer = answer
    scene.servers.append(self)
    stranger = scene.liar(link, at: address, offers: offers) { [unowned self] _, event, _ in hear(event) }
    let file = scene.file
    stranger.content = { [unowned self] payload, room in
      guard payload.space == ContentSpace.content.rawValue else {
        let isTree = payload.space == ContentSpace.tree.rawValue
        let all = isTree ? file.tree(isRight: treeIsRight) : file.manifest.bytes
        let rest = all.dropFirst(Int(payload.offset))
        for i in 0..<room.count { room[i] = i < rest.count ? rest[rest.startIndex + i] : 0xee }
        for i in 0..<room.count where !isTree && manifestIsWrong(Int(payload.offset) + i) { room[i] ^= 0x55 }
        return
      }
      file.fill(&room, offset: payload.offset)
      for i in 0..<room.count where isWrong(payload.offset + UInt64(i)) { room[i] ^= 0x55 }
    }
  }

  var address: Address { stranger.address }

  private func hear(_ event: WorldStranger.Event) {
    switch event {
    case .opened(let id, _): connections.append(id)
    case .want(_, let want): (wants, number) = (wants + 1, want.file)
    case .cancel(_, let cancel):
      if cancel.ranges.isEmpty { ends += 1 } else { cancelled += cancel.ranges }
    case .request(let id, let request):
      let isContent = request.space == ContentSpace.content.rawValue
      if isContent { asked += request.ranges }
      for range in request.ranges {
        let isTree = request.space == ContentSpace.tree.rawValue
        if isTree { treesAsked.append(range) }
        let parts = isContent ? answer(range) : (isTree ? sendsTree : sendsManifest)(range) ? [range] : []
        for part in parts { send(part, request.space, request.file, on: id) }
      }
    default: break
    }
  }

  private func send(_ range: RangeField, _ space: UInt8, _ file: UInt16, on id: ConnectionID) {
    guard let space = ContentSpace(rawValue: space) else { return }
    stranger.endpoint.send(
      Payload(source: 0, space: space, file: file, offset: range.offset, length: Int(range.length)), on: id)
  }

  /// Sends bytes of the file, whether or not anybody asked for them.
  func send(_ range: RangeField) {
    guard let id = connections.last else { return }
    send(range, 0, number, on: id)
    scene.world.flush(stranger)
  }

  /// Sends bytes of the manifest, whether or not anybody asked for them.
  func sendManifest(_ range: RangeField) {
    guard let id = connections.last else { return }
    send(range, ContentSpace.manifest.rawValue, number, on: id)
    scene.world.flush(stranger)
  }

  /// Opens a connection and, once it is open, says that it wants the file, and whether it serves it.
  func connect(to peer: WorldPeer, serves: UInt8 = 1) {
    _ = stranger.endpoint.open(to: peer.address, at: scene.world.now)
    scene.world.flush(stranger)
    let count = connections.count
    scene.world.run(for: .second) { connections.count > count }
    guard let id = connections.last else { return }
    var want = Want()
    (want.file, want.id, want.serves) = (9, scene.file.id, serves)
    stranger.send(want, on: id)
    scene.world.flush(stranger)
  }

  /// Says something on its latest connection.
  func say(_ message: some Message) {
    guard let id = connections.last else { return }
    stranger.send(message, on: id)
    scene.world.flush(stranger)
  }

  /// Ends all its connections.
  func leave() {
    for id in connections { stranger.endpoint.close(id, .goingAway, at: scene.world.now) }
    scene.world.flush(stranger)
  }
}

extension WorldFile {
  /// The bytes of its tree, or others.
  func tree(isRight: Bool = true) -> [UInt8] {
    let bytes = content(.full(capacity: cut.pieces))
    let values = BlockTree.values(of: bytes.span, at: 0).flatMap { value in (0..<32).map { value[$0] } }
    return isRight ? values : values.map { $0 ^ 1 }
  }
}

extension RangeField {
  /// Its first bytes.
  func first(_ count: UInt32) -> RangeField { RangeField(offset: offset, length: min(count, length)) }
}

extension Scene {
  /// Tells a download about more peers.
  func tell(_ download: Int, of addresses: [Address]) {
    let (peer, key) = downloads[download]
    for address in addresses { peer.swarm.add(peer: address, for: key, at: world.now) }
    world.flush(peer)
  }

  /// Lets the first download have peers one after another, in this order.
  func tellInTurn(of servers: [ScriptedServer]) {
    for server in servers {
      tell(0, of: [server.address])
      world.run(for: .second) { server.wants > 0 }
    }
  }
}

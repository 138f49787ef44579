import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// The states of a connection: the table in Protocol.md, the one in the code, and what an endpoint does.
@Suite struct StateTableTests {
  private static let states: [ConnectionState?] = [nil, .opening, .accepting, .established, .closing]

  /// The rows of the document's table.
  private static let events: [(name: String, event: ConnectionEvent)] =
    [
      ("the owner opens it", .ownerOpens), ("the owner sends", .ownerSends), ("the owner ends it", .ownerEnds),
      ("its place is needed", .placeNeeded), ("a packet with our id", .proof),
    ]
    + PacketType.allCases.filter { !$0.isTracker }.map { ($0.name, .packet($0)) }
    + [
      ("DATA, malformed", .malformedData), ("no answer yet", .unanswered), ("no answer to the last", .givenUp),
      ("nothing heard", .idle), ("nothing sent", .keepAlive), ("nothing acknowledged", .probeTimeout),
      ("0.5 s are over", .lingered),
    ]

  private static func name(_ state: ConnectionState?) -> String { state.map { "\($0)" } ?? "none" }

  private static func cell(_ event: ConnectionEvent, _ state: ConnectionState?) -> String {
    guard let reaction = StateTable.reaction(to: event, in: state) else { return "" }
    let action =
      switch reaction.action {
      case .nothing: reaction.next == state ? "–" : ""
      case .take: "taken"
      case .wait: "kept"
      case .send(let type): type.name
      }
    return [action, reaction.next == state ? "" : "→ \(name(reaction.next))"].filter { !$0.isEmpty }
      .joined(separator: " ")
  }

  @Test func theDocumentsTableIsTheCodes() throws {
    let table = try #require(ProtocolDocument().tables["### 4.3 States"])
    #expect(table[0] == ["what comes"] + Self.states.map(Self.name))
    #expect(table.count == Self.events.count + 1)
    for (row, (name, event)) in zip(table.dropFirst(), Self.events) {
      let cells = [name] + Self.states.map { Self.cell(event, $0) }
      #expect(row == cells, "| \(cells.joined(separator: " | ")) |")
    }
  }

  @Test(arguments: [false, true]) func anEndpointDoesWhatTheTableSays(isOpenedByPeer: Bool) throws {
    var count = 0
    for state in Self.states {
      for (name, event) in Self.events {
        guard let reaction = StateTable.reaction(to: event, in: state) else { continue }
        // A connection that we have opened ourselves never gives way.
        if event == .placeNeeded, !isOpenedByPeer { continue }
        let subject = try ConnectionSubject(in: state, isOpenedByPeer: isOpenedByPeer)
        #expect(subject.state == state, "not \(Self.name(state))")
        let sent = try subject.sent(on: event)
        #expect(subject.state == reaction.next, "\(name) in \(Self.name(state))")
        if case .send(let type) = reaction.action {
          #expect(Set(sent) == [type], "\(name) in \(Self.name(state))")
        } else {
          #expect(sent.isEmpty, "\(name) in \(Self.name(state))")
        }
        count += 1
      }
    }
    #expect(count > 70)
  }
}

import Shoal
import ShoalWire
import Testing

@testable import ShoalCommand

@Suite struct PeerNewsTests {
  private let peer = Address(ipv4: 0xc000_0209, port: 7401)
  private let tracker = Address(ipv4: 0xc000_0207, port: 7400)

  @Test func aSharerHearsWhoComes() {
    var news = PeerNews(.sharing(tellsTrackers: true))
    #expect(news.line(for: .connected(peer, byPeer: true)) == .log("192.0.2.9:7401 connected"))
    #expect(
      news.line(for: .served(peer, id: .zero, name: "x", bytes: 412_600_000))
        == .log("192.0.2.9:7401 has it all (412.6 MB from here)"))
    #expect(news.line(for: .registered(tracker, id: .zero)) == .log("tracker 192.0.2.7:7400 knows the file"))
  }

  @Test func aSilentTrackerIsToldAfterAFewTries() {
    var news = PeerNews(.getting(trackers: 1))
    #expect(
      news.line(for: .trackerSilent(tracker, tries: 1, pause: .seconds(2), refusal: nil))
        == .detail(
          "tracker 192.0.2.7:7400: no answer to 1 try, next in 2 s; does it run, is UDP 7400 open?"))
    #expect(
      news.line(for: .trackerSilent(tracker, tries: 3, pause: .seconds(8), refusal: nil))
        == .warning(
          "tracker 192.0.2.7:7400: no answer to 3 tries, next in 8 s; does it run, is UDP 7400 open?",
          code: "tracker_silent"))
    #expect(
      news.line(for: .trackerSilent(tracker, tries: 6, pause: .seconds(60), refusal: nil), sources: 3)
        == .warning(
          "tracker 192.0.2.7:7400: no answer to 6 tries, next in 60 s; going on with 3 peers", code: "tracker_silent"))
  }

  @Test func whatIsOursIsNotBlamedOnATracker() {
    var news = PeerNews(.getting(trackers: 1))
    #expect(
      news.line(for: .trackerSilent(tracker, tries: 3, pause: .seconds(8), refusal: "this machine's network is down"))
        == .warning(
          "nothing can be sent to tracker 192.0.2.7:7400: this machine's network is down; next in 8 s",
          code: "tracker_silent"))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.idle, "this machine's network is down"), byPeer: false))
        == .warning(
          "192.0.2.9:7401 left: nothing was heard from it, and nothing can be sent to it: this machine's network is down",
          code: "disconnected"))
  }

  @Test func trackersBeyondTheLimitAreToldOf() {
    var news = PeerNews(.getting(trackers: 8))
    #expect(
      news.line(for: .trackersLeftOut(292))
        == .warning("the ticket names 300 trackers; asking the first 8", code: "trackers_left_out"))
  }

  @Test func whatIsLeftOutIsCounted() {
    var news = PeerNews(.sharing(tellsTrackers: true))
    #expect(news.line(for: .omitted(count: 1_500)) == .log("1,500 events omitted here: too many to show"))
  }

  @Test func theEndOfASilenceIsToldToWhoHeardOfIt() {
    var news = PeerNews(.getting(trackers: 1))
    let text = "tracker 192.0.2.7:7400 answers again"
    _ = news.line(for: .trackerSilent(tracker, tries: 1, pause: .seconds(2), refusal: nil))
    #expect(news.line(for: .trackerAnswered(tracker)) == .detail(text))
    _ = news.line(for: .trackerSilent(tracker, tries: 3, pause: .seconds(8), refusal: nil))
    #expect(news.line(for: .trackerAnswered(tracker)) == .log(text))
  }

  @Test func oneOfSeveralTrackersMayBeSilent() {
    var news = PeerNews(.getting(trackers: 2))
    guard case .detail = news.line(for: .trackerSilent(tracker, tries: 3, pause: .seconds(8), refusal: nil), sources: 1)
    else {
      Issue.record("not a detail")
      return
    }
    guard
      case .warning = news.line(for: .trackerSilent(tracker, tries: 3, pause: .seconds(8), refusal: nil), sources: 0)
    else {
      Issue.record("not a warning")
      return
    }
  }

  @Test func whoDoesNotAnswerMattersOnlyToTheLonely() {
    var news = PeerNews(.getting(trackers: 1))
    let text = "192.0.2.9:7401 does not answer; trying again: does it run, is UDP 7401 open?"
    #expect(news.line(for: .unreachable(peer, refusal: nil), sources: 1) == .detail(text))
    #expect(news.line(for: .unreachable(peer, refusal: nil)) == .warning(text, code: "unreachable"))
    #expect(news.line(for: .unreachable(peer, refusal: nil)) == nil)
  }

  @Test func whoEndedAConnectionIsSaid() {
    var news = PeerNews(.getting(trackers: 1))
    // A connection closed by this peer is not reported.
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.goingAway), byPeer: false))
        == .detail("disconnected from 192.0.2.9:7401"))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.goingAway), byPeer: true))
        == .warning("192.0.2.9:7401 left: it was stopped", code: "disconnected"))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.badContent), byPeer: false))
        == .warning("disconnected from 192.0.2.9:7401: bad content", code: "disconnected"))
  }

  @Test func whyTheLastSourceLeftIsSaidAndNoStoryOfPorts() {
    var news = PeerNews(.getting(trackers: 1))
    _ = news.line(for: .connected(peer, byPeer: false))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.goingAway, "the file was changed"), byPeer: true), sources: 1)
        == .warning("192.0.2.9:7401 left: going away, \"the file was changed\"", code: "disconnected"))
    #expect(
      news.line(for: .unreachable(peer, refusal: nil))
        == .warning("192.0.2.9:7401 no longer answers; trying again", code: "unreachable"))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.idle), byPeer: false), sources: 5)
        == .detail("192.0.2.9:7401 left: nothing was heard from it"))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.done), byPeer: true)) == .detail("192.0.2.9:7401 left: done"))
  }

  @Test func whatTheSystemRefusesIsSaid() {
    var news = PeerNews(.getting(trackers: 1))
    #expect(
      news.line(for: .unreachable(peer, refusal: "no route"))
        == .warning("nothing can be sent to 192.0.2.9:7401: no route; trying again", code: "unreachable"))
  }

  @Test func whoTookNothingIsNotSaidToHaveItAll() {
    var news = PeerNews(.sharing(tellsTrackers: false))
    #expect(
      news.line(for: .served(peer, id: .zero, name: "x", bytes: 0))
        == .detail("192.0.2.9:7401 fetched nothing from here"))
    // A peer that leaves is reported in one line, with the reason.
    #expect(news.line(for: .left(peer, id: .zero, name: "x", bytes: 5_000_000)) == nil)
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.goingAway), byPeer: true))
        == .log("192.0.2.9:7401 left: it was stopped (5.0 MB from here)"))
    _ = news.line(for: .left(peer, id: .zero, name: "x", bytes: 0))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.idle), byPeer: false))
        == .log("192.0.2.9:7401 lost: nothing was heard from it (0 B from here)"))
  }

  @Test func whatOthersSayIsEscaped() {
    var news = PeerNews(.getting(trackers: 1))
    #expect(
      news.line(for: .disconnected(peer, CloseReason(.goingAway, "\u{1B}[2Jbye"), byPeer: true))
        == .warning("192.0.2.9:7401 left: going away, \"\\x1B[2Jbye\"", code: "disconnected"))
    #expect(
      news.line(for: .trackerRefused(tracker, .full, message: "go\naway"))
        == .warning("tracker 192.0.2.7:7400 refuses: full, \"go\\naway\"", code: "tracker_refused"))
    #expect(
      news.line(for: .otherVersion(peer, 2...2))
        == .warning("192.0.2.9:7401 speaks version 2, we speak 1; update this shoal", code: "version"))
    #expect(
      news.line(for: .trackerVersion(peer, 0...0))
        == .warning("tracker 192.0.2.9:7401 speaks version 0, we speak 1; theirs needs an update", code: "version"))
  }
}

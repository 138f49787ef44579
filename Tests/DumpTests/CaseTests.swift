import Foundation
import Testing

@testable import shoal_dump

/// Captures that programs made of a transfer over a path of 15 ms each way.
@Suite struct CaseTests {
  private static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Captures/\(name)").path
  }

  /// The two ends of one path without loss and without directions.
  @Test func bothEnds() throws {
    for names in [["diff-client.pcap", "diff-server.pcap"], ["diff-server.pcap", "diff-client.pcap"]] {
      let ways = try objects(run(["diff", "--json"] + names.map(Self.path)))
      #expect(ways.count == 2)
      for way in ways {
        let delays = try #require(way["delay"] as? [String: Double])
        #expect(delays.values.allSatisfy { abs($0 - 0.015) < 1e-6 })
        #expect(way["lost"] as? Int == 0 && way["reordered"] as? Int == 0 && way["duplicated"] as? Int == 0)
      }
      #expect(Set(ways.compactMap { $0["datagrams"] as? Int }) == [14, 18])
    }
  }

  /// On a host that forwards, each datagram is seen both coming in and going out.
  @Test func aHostThatForwards() throws {
    let outcome = try run(["stats", Self.path("any.pcap"), "--assert", "datagrams == 32 && duplicate == 0"])
    #expect(outcome.status == 0 && outcome.output.contains("overhead 1.25"), "\(outcome.error)")
    #expect(outcome.output.contains("remark: 32 datagrams were captured on two interfaces or more"))
    #expect(!outcome.output.contains("0.00/0.00"))
  }
}

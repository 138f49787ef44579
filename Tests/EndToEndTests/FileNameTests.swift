import Foundation
import Shoal
import ShoalContent
import TestSupport
import Testing

/// Names at the limits of file systems, and things that only look like files.
@Suite(.inRealTime, .serialized) struct FileNameTests {
  private func fetched(_ name: String) async throws -> [String] {
    let scratch = try Scratch()
    let file = try scratch.file(name, 100_000)
    try scratch.folder("to")
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    let download = try await other.download(share.ticket, to: .directory(scratch.at("to")))
    try await within(60) { try await download.finish() }
    await other.close()
    await origin.close()
    #expect(same(file, scratch.at("to/\(name)")))
    return scratch.names(in: "to")
  }

  @Test(arguments: [
    String(repeating: "x", count: 250), String(repeating: "x", count: 251), String(repeating: "é", count: 127) + "x",
    "می\u{200C}خواهم.mkv", "👩\u{200D}🚀.png",
  ])
  func aNameIsKept(_ name: String) async throws { #expect(try await fetched(name) == [name]) }

  @Test func partsOfLongNamesHaveTheirOwnNames() {
    let long = String(repeating: "é", count: 127)
    #expect(partPath(of: "/a/b") == "/a/b.part")
    #expect(partPath(of: String(repeating: "x", count: 250)).utf8.count == 255)
    #expect(partPath(of: "/d/" + long).utf8.count <= 258 && partPath(of: "/d/" + long).hasPrefix("/d/éé"))
    #expect(partPath(of: long) != partPath(of: long + "x"))
    #expect(partPath(of: long).hasSuffix(".part"))
  }

  @Test func aLinkThatLeadsNowhereIsRefusedBeforeAnythingIsFetched() async throws {
    let shared = try await SharedFile(100_000)
    let out = shared.out
    try FileManager.default.createSymbolicLink(atPath: out, withDestinationPath: shared.scratch.at("nothing"))
    let other = try peer()
    let refused = try await other.download(shared.ticket, to: .file(out))
    await #expect { try await within(60) { try await refused.finish() } } throws: {
      "\($0)" == "\(out) is a symbolic link to nothing; remove it, choose another destination, or use force"
    }
    #expect(!FileManager.default.fileExists(atPath: out + ".part"))
    let forced = try await other.download(shared.ticket, to: .file(out), force: true)
    try await within(60) { try await forced.finish() }
    #expect(same(shared.path, out))
    await shared.close(other)
  }

  @Test(arguments: ["/proc/cpuinfo", "/sys/kernel/mm/transparent_hugepage/enabled"])
  func whatHasNoSizeIsNotEmpty(_ path: String) async throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let origin = try peer()
    await #expect { try await origin.share(path) } throws: {
      "\($0)" == "\(path): its size is not what the system says; copy it to a regular file, and share that"
    }
    await origin.close()
  }

  @Test(arguments: [true, false]) func aRecordIsNotWrittenToAPipe(_ isCapture: Bool) throws {
    let scratch = try Scratch()
    let pipe = scratch.at("pipe")
    #expect(TestFile.makePipe(pipe))
    #expect {
      _ = try peer { if isCapture { $0.capture = pipe } else { $0.qlog = pipe } }
    } throws: {
      "\($0)" == "\(isCapture ? "capture" : "qlog") \(pipe): is not a regular file; name a regular file"
    }
  }
}

import Glibc
import TestSupport

@testable import shoal_dump

extension Outcome {
  /// The lines without number, time and flow, which have the same length in most tests.
  var packets: [String] { lines.map { String($0.dropFirst("   1  0.000000 10.0.0.2:7402 > 10.0.0.1:7401 ".count)) } }
}

/// Runs the program on a file with these bytes.
func inspect(_ bytes: [UInt8], _ options: String...) throws -> Outcome { try inspect(bytes, options: options) }

/// Runs the program, or one of its subcommands, on a file with these bytes.
func inspect(by subcommand: String? = nil, _ bytes: [UInt8], options: [String]) throws -> Outcome {
  let scratch = try Scratch()
  return try run((subcommand.map { [$0] } ?? []) + [scratch.write("dump.pcapng", bytes)] + options)
}

/// Runs a subcommand on a file with these bytes.
func inspect(by subcommand: String, _ bytes: [UInt8], _ options: String...) throws -> Outcome {
  try inspect(by: subcommand, bytes, options: options)
}

/// Runs the program on a file with these bytes; returns its status and the bytes that it writes to standard output.
func inspectBytes(_ bytes: [UInt8], _ options: [String]) throws -> (status: Int32, output: [UInt8]) {
  let scratch = try Scratch()
  let words = [try scratch.write("a.pcapng", bytes)] + options + ["-q"]
  let status = try streams(in: scratch, input: []) { ShoalDump.run(words, output: $0[1]) }
  return (status, try scratch.read("1"))
}

/// Runs the program.
func run(_ words: [String], input: [UInt8] = []) throws -> Outcome {
  let scratch = try Scratch()
  let status = try streams(in: scratch, input: input) {
    ShoalDump.run(words, input: $0[0], output: $0[1], error: $0[2])
  }
  return Outcome(
    words: ["shoal-dump"] + words, exit: status, output: try scratch.text("1"), error: try scratch.text("2"))
}

/// Standard input, output and error as files: 0, 1 and 2.
private func streams<Result>(in scratch: Scratch, input: [UInt8], _ body: ([Int32]) -> Result) throws -> Result {
  let descriptors = try [input, [], []].enumerated().map { TestFile.open(try scratch.write("\($0)", $1), O_RDWR) }
  defer { for descriptor in descriptors { close(descriptor) } }
  return body(descriptors)
}

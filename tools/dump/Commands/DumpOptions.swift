import ShoalTerminal

/// What to show, and how.
struct DumpOptions {
  var isVerbose = false
  var showsBytes = false
  var isJSON = false
  var isQlog = false
  var isQuiet = false
  var showsAll = false
  /// Whether packets come from an interface.
  var isLive = false
  var count = Int.max
  /// The capture to write instead of lines.
  var output: String?
  /// Whether an existing capture is replaced by it.
  var replaces = false
  /// The qlogs of peers, whose events are shown too.
  var merged: [String] = []
  var time = TimeStyle.relative
  /// Whether lines show the numbers of packets as they are on the wire.
  var isAbsolute = false
  var filters: FilterOptions

  init(_ invocation: Invocation) throws(UsageError) {
    isVerbose = invocation.has("verbose")
    showsBytes = invocation.has("bytes")
    isJSON = invocation.has("json")
    isQlog = invocation.has("qlog")
    isLive = invocation.has("interface")
    isQuiet = invocation.has("quiet")
    output = invocation.first("write")?.text
    replaces = invocation.has("force")
    showsAll = invocation.has("all")
    if let most = invocation.first("count") { count = try most.integer(from: 1, of: "datagrams") }
    isAbsolute = invocation.has("absolute")
    time = TimeStyle(rawValue: invocation["time"].text) ?? .relative
    if isJSON, output == "-" { throw UsageError("--json and --write -: both want standard output; name a file") }
    if isJSON, isQlog { throw UsageError("--json and --qlog: give one of them") }
    if showsBytes, isJSON || isQlog {
      throw UsageError("--bytes and --\(isJSON ? "json" : "qlog"): bytes are shown below lines only; leave one out")
    }
    merged = invocation.all("merge").map(\.text)
    if !merged.isEmpty, isLive || output != nil {
      throw UsageError("--merge and --\(isLive ? "interface" : "write"): leave one of them out")
    }
    filters = try FilterOptions(invocation)
  }
}

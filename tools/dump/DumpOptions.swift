import ShoalTerminal

/// What to show, and how.
struct DumpOptions {
  /// The capture, `-` for standard input; nil: the tables are wanted instead.
  var file: String?
  var isVerbose = false
  var isJSON = false
  var showsAll = false
  var count = Int.max
  var time = TimeStyle.relative

  init() {}

  init(_ invocation: Invocation) throws(UsageError) {
    file = invocation.first("file")?.text
    isVerbose = invocation.has("verbose")
    isJSON = invocation.has("json")
    showsAll = invocation.has("all")
    if let most = invocation.first("count") { count = try most.integer(from: 1, of: "datagrams") }
    time = TimeStyle(rawValue: invocation["time"].text) ?? .relative
    if invocation.has("tables") {
      guard file == nil else { throw UsageError("--tables: takes no file") }
    } else if file == nil {
      throw UsageError("missing <file>; see 'shoal-dump --help'")
    }
  }
}

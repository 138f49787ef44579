/// Makes the rows below the progress line, for a terminal that has this many columns and shows either all of Unicode or
/// ASCII only.
package typealias LiveRows = @Sendable (_ columns: Int, _ unicode: Bool) -> [String]

/// The progress of one transfer on a stream: on a terminal, a line redrawn in place, with any rows below it; elsewhere,
/// a plain line now and then. It decides what to write and when, and returns it; it writes nothing itself.
struct ProgressLine {
  private enum Style { case live, plain, none }

  private let terminal: Terminal
  private let style: Style
  private var shown: ProgressState?
  private var rows: LiveRows?
  private var isDrawn = false
  /// The width in columns of each line on the screen.
  private var onScreen: [Int] = []
  private var startedAt: Double?
  private var wroteAt = 0.0
  private var wroteMilestone: ProgressState.Milestone?

  init(terminal: Terminal, policy: Policy) {
    self.terminal = terminal
    style = policy == .never ? .none : terminal.isAnimated(policy) ? .live : .plain
  }

  /// Whether lines are redrawn in place.
  var isLive: Bool { style == .live }

  /// What to write for rows without a progress line.
  mutating func show(rows: @escaping LiveRows, now: Double) -> String {
    guard style == .live else { return "" }
    if startedAt == nil { (startedAt, wroteAt) = (now, now - 1) }
    (shown, self.rows) = (nil, rows)
    guard now - wroteAt >= 0.2 - 0.001 else { return "" }
    (wroteAt, isDrawn) = (now, true)
    return redraw()
  }

  /// What to write for a new state, often nothing.
  mutating func show(_ state: ProgressState, rows: LiveRows? = nil, at time: Timestamp) -> String {
    if startedAt == nil { (startedAt, wroteAt) = (state.now, state.now) }
    let waited = state.now - wroteAt
    switch style {
    case .none: return ""
    case .live:
      (shown, self.rows) = (state, rows)
      // A short transfer needs no line, and none is redrawn more than five times a second.
      guard waited >= (isDrawn ? 0.2 : 0.5) - 0.001 else { return "" }
      wroteAt = state.now
      isDrawn = true
      return redraw()
    case .plain:
      let isNews = state.milestone != wroteMilestone && state.milestone != .start
      guard waited >= 1, isNews || waited >= 30 else { return "" }
      (wroteAt, wroteMilestone) = (state.now, state.milestone)
      return "\(time.rfc3339) \(state.plainLine(unicode: terminal.isUTF8))\n"
    }
  }

  /// The text that clears the lines, so that others can be written.
  mutating func erase() -> String {
    guard isDrawn else { return "" }
    defer { onScreen = [] }
    return top() + (height > 1 ? "\u{1B}[J" : "\u{1B}[K")
  }

  /// The number of screen lines taken up now: a terminal that has become narrower wraps them.
  private var height: Int {
    let columns = max(terminal.columns, 1)
    return onScreen.reduce(0) { $0 + max(($1 + columns - 1) / columns, 1) }
  }

  /// The text that moves the cursor back to the start of the first line.
  private func top() -> String { height > 1 ? "\r\u{1B}[\(height - 1)A" : "\r" }

  /// The text that draws the lines again, at the terminal's current size.
  mutating func redraw() -> String {
    guard isDrawn else { return "" }
    let (columns, unicode) = (terminal.columns, terminal.isUTF8)
    var lines = shown.map { [$0.liveLine(columns: columns, unicode: unicode)] } ?? []
    lines += rows?(columns, unicode).map { clipped($0, to: max(columns - 1, 1)) } ?? []
    let room = max(terminal.rows - 1, 1)
    if lines.count > room { lines = lines.prefix(room - 1) + ["and \(lines.count - room + 1) more"] }
    let isSingle = height <= 1 && lines.count <= 1
    let frame = top() + lines.joined(separator: "\u{1B}[K\n") + (isSingle ? "\u{1B}[K" : "\u{1B}[K\u{1B}[J")
    onScreen = lines.map(displayWidth)
    return frame
  }

  /// The text that removes the line; the next state starts a new one.
  mutating func end() -> String {
    let last = erase()
    (isDrawn, shown, rows, startedAt, wroteMilestone) = (false, nil, nil, nil, nil)
    return last
  }
}

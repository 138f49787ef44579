/// The progress of one transfer on a stream: a line redrawn in place where a person watches, otherwise a plain line now
/// and then. It decides when to write what, and returns it; it writes nothing itself.
struct ProgressLine {
  private enum Style { case live, plain, none }

  private let terminal: Terminal
  private let style: Style
  private var shown: ProgressState?
  private var isDrawn = false
  private var startedAt: Double?
  private var wroteAt = 0.0
  private var wroteMilestone: ProgressState.Milestone?

  init(terminal: Terminal, policy: Policy) {
    self.terminal = terminal
    style = policy == .never ? .none : terminal.isAnimated(policy) ? .live : .plain
  }

  /// What to write for a new state, often nothing.
  mutating func show(_ state: ProgressState, at time: Timestamp) -> String {
    if startedAt == nil { (startedAt, wroteAt) = (state.now, state.now) }
    let waited = state.now - wroteAt
    switch style {
    case .none: return ""
    case .live:
      shown = state
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

  /// What clears the line, so that another can be written.
  func erase() -> String { isDrawn ? "\r\u{1B}[K" : "" }

  /// What draws the line again, to the width that the terminal has now.
  func redraw() -> String {
    guard isDrawn, let shown else { return "" }
    return "\r" + shown.liveLine(columns: terminal.columns, unicode: terminal.isUTF8) + "\u{1B}[K"
  }

  /// What removes the line; the next state starts a new one.
  mutating func end() -> String {
    let last = erase()
    (isDrawn, shown, startedAt, wroteMilestone) = (false, nil, nil, nil)
    return last
  }
}

/// What limits a transfer at a moment.
enum Cause: Int, CaseIterable {
  /// The connection is being made, or congestion control has not yet found the path's rate.
  case startUp
  /// The path carries what it can; at the end, the last packets are on their way.
  case path
  /// Packets were lost: they must be sent again, or the sender has slowed down.
  case loss
  /// The negotiated window is full.
  case window
  /// The receiver has not requested more, though it has room for it.
  case requests
  /// The receiver cannot take more: what it has received is not yet verified and on its disk.
  case receiver
  /// Acknowledgements and requests queue on the way back.
  case returnPath
  /// Nothing gets through.
  case outage
  /// The sender sends less than it may: a rate limit, a slow disk or a busy machine.
  case application
  /// Congestion control sends less than the path could carry, though nothing was lost.
  case control
  /// The capture does not show which of these it was.
  case unknown

  /// The name for programs.
  var name: String {
    switch self {
    case .startUp: "start_up"
    case .path: "path_rate"
    case .loss: "loss_recovery"
    case .window: "window"
    case .requests: "requests"
    case .receiver: "receiver"
    case .returnPath: "return_path"
    case .outage: "outage"
    case .application: "application"
    case .control: "congestion_control"
    case .unknown: "unknown"
    }
  }

  /// The label on the page, where there is little room.
  var short: String {
    switch self {
    case .path: "path"
    case .loss: "loss"
    case .receiver: "receiver"
    case .returnPath: "way back"
    case .application: "sender"
    case .control: "control"
    default: label
    }
  }

  /// The label in tables and drawings.
  var label: String {
    switch self {
    case .startUp: "start-up"
    case .path: "path rate"
    case .loss: "loss recovery"
    case .window: "window"
    case .requests: "requests"
    case .receiver: "receiver or disk"
    case .returnPath: "return path"
    case .outage: "outage"
    case .application: "sender's side"
    case .control: "congestion control"
    case .unknown: "not known"
    }
  }
}

/// For how long one cause limited a transfer.
struct CauseSpan: Equatable {
  /// Microseconds, on the page's clock.
  var start: Int64
  var end: Int64
  var cause: Cause
}

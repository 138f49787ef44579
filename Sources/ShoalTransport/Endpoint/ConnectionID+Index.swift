extension ConnectionID {
  /// A number below the endpoint's `maxConnections`, no other connection's at the same time: for tables beside it.
  public var index: Int { Int(slot) }
}

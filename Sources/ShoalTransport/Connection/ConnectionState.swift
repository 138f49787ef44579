/// The life of a connection; Protocol.md §4.3 draws it.
enum ConnectionState {
  /// OPEN was sent, ACCEPT is awaited.
  case opening
  /// ACCEPT was sent; the opener has not yet proven its address.
  case accepting
  /// Numbered packets flow.
  case established
  /// CLOSE was sent or received; late datagrams are still recognised for a while.
  case closing
}

@testable import shoal_dump

/// The inspector's own type, not the one that seals and opens datagrams.
typealias Datagram = shoal_dump.Datagram

@testable import shoal_dump

/// The inspector's own, not what seals and opens datagrams.
typealias Datagram = shoal_dump.Datagram

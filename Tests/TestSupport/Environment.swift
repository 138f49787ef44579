import Glibc

/// A number in an environment variable.
public func environmentNumber<Number: FixedWidthInteger>(_ name: String, as: Number.Type = Number.self) -> Number? {
  unsafe getenv(name).flatMap { unsafe Number(String(cString: $0)) }
}

import Glibc

/// A number in an environment variable.
public func environmentNumber<Number: FixedWidthInteger>(_ name: String, as: Number.Type = Number.self) -> Number? {
  getenv(name).flatMap { Number(String(cString: $0)) }
}

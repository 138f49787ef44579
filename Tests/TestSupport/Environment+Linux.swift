import Glibc

// Safety: the text is copied at once, and no test changes the environment.

/// An environment variable.
func environmentText(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

/// A number in an environment variable.
public func environmentNumber<Number: FixedWidthInteger>(_ name: String, as: Number.Type = Number.self) -> Number? {
  environmentText(name).flatMap { Number($0) }
}

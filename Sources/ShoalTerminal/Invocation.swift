/// A parsed command line: the command and its values.
package struct Invocation: Sendable {
  /// The program and the subcommands, outermost first.
  package let path: [String]
  let declared: Set<String>
  let given: [String: [GivenValue]]

  /// The name of the command to run.
  package var name: String { path[path.count - 1] }

  /// Whether an option, flag or argument was given or has a default.
  package func has(_ name: String) -> Bool { !all(name).isEmpty }

  /// The value of an option or argument, the last one if it repeats, or its default.
  package func first(_ name: String) -> GivenValue? { all(name).last }

  /// Which of two contradictory options was given last, and so takes effect.
  func last(of first: String, _ second: String) -> String? {
    // Values from a file have place 0.
    func place(_ name: String) -> Int { given[name]?.last?.place ?? -1 }
    guard place(first) >= 0 || place(second) >= 0 else { return nil }
    return place(first) > place(second) ? first : second
  }

  /// Every value of an option or argument, in order.
  package func all(_ name: String) -> [GivenValue] {
    precondition(declared.contains(name), "\(name) is not in the option table")
    return given[name] ?? []
  }

  /// The value of a required argument, or of an option that has a default.
  package subscript(_ name: String) -> GivenValue {
    guard let value = first(name) else { preconditionFailure("\(name) has no default") }
    return value
  }
}

/// A value as it was typed, and where, for use in errors.
package struct GivenValue: Sendable {
  let label: String
  /// Its position among the options that were given; 0 if it is a default, an argument or from a file.
  let place: Int
  /// The value as it was typed.
  package let text: String

  /// A value, with the name that errors use for it.
  package init(label: String, text: String, place: Int = 0) {
    (self.label, self.text, self.place) = (label, text, place)
  }

  /// An error about this value: `--window 0: must be 1 or more packets`.
  package func error(_ reason: String) -> UsageError { UsageError("\(label) \(escaped(text)): \(reason)") }

  /// A whole number of `noun` between two bounds.
  package func integer(from low: Int = 0, to high: Int = .max, of noun: String = "") throws(UsageError) -> Int {
    guard let number = Int(text), number >= low, number <= high else {
      throw error(bounds("\(low)", high == .max ? nil : "\(high)", noun))
    }
    return number
  }

  /// A finite number of `noun` between two bounds.
  package func double(
    from low: Double = 0, to high: Double = .infinity, of noun: String = ""
  ) throws(UsageError) -> Double {
    guard let number = Double(text), number.isFinite, number >= low, number <= high else {
      throw error(bounds(Units.plain(low), high == .infinity ? nil : Units.plain(high), noun))
    }
    return number
  }

  /// A time of at least this many seconds: `30`, `30s`, `5m`. It is capped at about a human lifetime.
  package func seconds(from low: Double) throws(UsageError) -> Double {
    guard let time = Units.parseTime(text) else { throw error("must be a time such as 500ms, 30s, 5m or 2h") }
    guard time >= low else { throw error(bounds(Units.duration(low), nil, "")) }
    return min(time, 3e9)
  }

  /// A size between two bounds: `65536`, `64kB`, `1MiB`.
  package func bytes(from low: UInt64 = 0, to high: UInt64 = .max) throws(UsageError) -> UInt64 {
    guard let size = Units.parseBytes(text) else { throw error("must be a size such as 65536, 64kB or 1MiB") }
    guard size >= low, size <= high else {
      throw error(bounds(Units.binary(low), high == .max ? nil : Units.binary(high), ""))
    }
    return size
  }

  private func bounds(_ low: String, _ high: String?, _ noun: String) -> String {
    let range = high.map { "\(low) to \($0)" } ?? "\(low) or more"
    return noun.isEmpty ? "must be \(range)" : "must be \(range) \(noun)"
  }
}

/// Why a link specification was not understood.
package struct LinkSpecError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The faulty part, as it was written, such as `loss=150%`.
  package let item: String
  /// What is wrong with it.
  package let problem: Problem

  /// What can be wrong with an item.
  package enum Problem: Error, Sendable, Equatable {
    /// There is nothing at all, or nothing between two commas.
    case empty
    /// It is not of the form `key=value`.
    case noValue
    /// There is no such key; perhaps `suggestion` was meant.
    case unknownKey(suggestion: String?)
    /// The key occurs twice.
    case duplicateKey
    /// This should be a decimal number.
    case notANumber(String)
    /// The number needs one of these units.
    case missingUnit([String])
    /// The number needs a percent sign.
    case missingPercentSign
    /// The number's unit is none of `units`, which is empty if the key takes a plain number; perhaps `suggestion` was
    /// meant.
    case unknownUnit(String, suggestion: String?, units: [String])
    /// The value is outside this range.
    case outOfRange(lowest: String, highest: String)
    /// The value is not a multiple of `smallest`.
    case tooFine(smallest: String)
    /// It has spaces or semicolons in place of commas, or where nothing belongs; perhaps `suggestion` was meant.
    case blanks(suggestion: String)
    /// The rate is given with `/s`, which the slash turns into a second value; `rate` is how to write it.
    case perSecond(rate: String)
    /// There are more than two values, or more than one for a key whose value both directions share.
    case tooManyValues
    /// An outage that is not an up time and a down time.
    case notUpAndDown
    /// The key means nothing without this other key.
    case needs(String)
    /// The trace cannot be used, for this reason.
    case trace(String)
    /// The mean run is too short for the loss, which needs at least `shortest`.
    case burstTooShort(shortest: String)
  }

  /// One line for a person to read, such as `loss=150%: loss must be 0% to 100%`.
  package var description: String {
    let key = item.prefix { $0 != "=" }
    let shown = LinkSpecError.printable(item)
    let name = LinkSpecError.printable(key)
    return switch problem {
    case .empty: shown.isEmpty ? "nothing is set: write for example loss=5%,delay=10ms" : "\(shown): an item is empty"
    case .noValue: "\(shown): write \(name)=VALUE"
    case .unknownKey(let suggestion?): "\(shown): there is no \(name); did you mean \(suggestion)?"
    case .unknownKey: "\(shown): there is no \(name); use \(LinkSpecError.list(LinkKey.allCases.map(\.rawValue)))"
    case .blanks(let suggestion): "\(shown): write commas without spaces: \(LinkSpecError.printable(suggestion))"
    case .perSecond(let rate): "\(shown): a rate is always per second, and / parts up from down; write \(name)=\(rate)"
    case .duplicateKey: "\(shown): \(name) is set twice"
    case .notANumber(let text): "\(shown): '\(LinkSpecError.printable(text))' is not a number"
    case .missingUnit(let units): "\(shown): \(name) needs a unit: \(LinkSpecError.list(units))"
    case .missingPercentSign: "\(shown): \(name) needs its percent sign"
    case .unknownUnit(let unit, let suggestion?, _):
      "\(shown): there is no unit \(LinkSpecError.printable(unit)); did you mean \(suggestion)?"
    case .unknownUnit(let unit, _, let units):
      "\(shown): "
        + (units.isEmpty
          ? "\(name) takes a plain number"
          : "there is no unit \(LinkSpecError.printable(unit)); use \(LinkSpecError.list(units))")
    case .outOfRange(let lowest, let highest): "\(shown): \(name) must be \(lowest) to \(highest)"
    case .tooFine("1"): "\(shown): \(name) must be a whole number"
    case .tooFine(let smallest): "\(shown): \(name) must be a multiple of \(smallest)"
    case .tooManyValues:
      name == "seed" ? "\(shown): both directions share one seed" : "\(shown): \(name) takes one value, or UP/DOWN"
    case .notUpAndDown: "\(shown): write how long it is up and how long it is down, as in outage=5s/2s"
    case .trace(let reason): "\(shown): \(LinkSpecError.printable(reason))"
    case .needs(let other): "\(shown): \(name) needs \(other)"
    case .burstTooShort(let shortest): "\(shown): with so much loss the mean run is at least \(shortest)"
    }
  }

  /// `text` on one line and of limited length, whatever is in it.
  private static func printable(_ text: some StringProtocol) -> String {
    let clean = text.unicodeScalars.prefix(60).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) }
    return String(clean) + (text.unicodeScalars.count > 60 ? "…" : "")
  }

  private static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }
}

// Safety: the C runtime ends every argument, and their list, with a zero, and keeps both until the process ends.

/// Throws if a word of this process's command line is not UTF-8: converted to text, it would name a different file or
/// none.
package func checkArguments() throws(UsageError) {
  for index in 1..<max(Int(CommandLine.argc), 1) {
    guard let word = unsafe CommandLine.unsafeArgv[index] else { return }
    let bytes = unsafe UnsafeBufferPointer(start: word, count: length(word)).map { UInt8(bitPattern: $0) }
    if let error = undecodable(bytes) { throw error }
  }
}

private func length(_ word: UnsafeMutablePointer<CChar>) -> Int {
  var count = 0
  while unsafe word[count] != 0 { count += 1 }
  return count
}

/// The error for an argument that is not UTF-8.
func undecodable(_ word: [UInt8]) -> UsageError? {
  guard String(validating: word, as: UTF8.self) == nil else { return nil }
  return UsageError("\(quoted(bytes: word)) is not UTF-8; rename the file, or give it a second name with ln")
}

import Glibc

// Safety: what is initialised is destroyed, and every duplicated text freed, at the end of the scope; the lists of texts
// end with nil. The system is told the size of each array that it fills.

extension RunningProgram {
  /// Where the tests themselves lie, and what was built with them.
  public static let buildFolder: String = {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
  }()

  private static let searchPath =
    "\(buildFolder):\(environmentText("PATH") ?? "/usr/bin:/bin")"

  static func path(of name: String) -> String? {
    if name.contains("/") { return name }
    return searchPath.split(separator: ":").map { "\($0)/\(name)" }.first { TestFile.allows(X_OK, $0) }
  }

  /// A descriptor from which these bytes are read.
  static func file(of bytes: [UInt8]) throws -> Int32 {
    guard !bytes.isEmpty else { return TestFile.open("/dev/null", O_RDONLY) }
    var template = Array("/tmp/shoal-input-XXXXXX".utf8CString)
    let file = unsafe mkstemp(&template)
    guard file >= 0 else { throw ProgramFailure("its input") }
    unsafe unlink(template)
    guard unsafe write(file, bytes, bytes.count) == bytes.count, lseek(file, 0, SEEK_SET) == 0 else {
      close(file)
      throw ProgramFailure("its input")
    }
    return file
  }

  /// Starts it in a process group of its own, with these streams and no other descriptor, and signals as they are by default.
  static func spawn(
    _ path: String, _ words: [String], _ input: Int32, _ output: Int32, _ error: Int32
  ) throws -> pid_t {
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in [input, output, error].enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    var variables = unsafe [strdup("PATH=\(searchPath)")]
    var variable = unsafe environ
    while let text = unsafe variable.pointee {
      if unsafe strncmp(text, "PATH=", 5) != 0 { unsafe variables.append(strdup(text)) }
      unsafe variable += 1
    }
    unsafe variables.append(nil)
    defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
    var id: pid_t = 0
    errno = unsafe posix_spawn(&id, path, &actions, &attributes, &arguments, &variables)
    guard errno == 0 else { throw ProgramFailure(path) }
    return id
  }

  /// Waits for the requested events of the descriptors, for at most this long.
  static func poll(_ waits: inout [pollfd], milliseconds: Int32) {
    _ = unsafe Glibc.poll(&waits, nfds_t(waits.count), milliseconds)
  }

  /// How a program ended; nil if it still runs.
  static func status(of id: pid_t) -> Int32? {
    var status: Int32 = 0
    return unsafe waitpid(id, &status, WNOHANG) == id ? status : nil
  }

  /// What a program prints on one of its streams.
  struct Stream {
    let reader: Int32
    private(set) var writer: Int32
    private(set) var hasEnded = false
    private var bytes: [UInt8] = []

    init() throws {
      var ends: [Int32] = [0, 0]
      guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw ProgramFailure("a pipe") }
      (reader, writer) = (ends[0], ends[1])
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var hasLine: Bool { bytes.contains(UInt8(ascii: "\n")) }

    /// The first line, without its end; what comes after the last one's end if no more will come.
    mutating func takeLine() -> String? {
      guard !bytes.isEmpty else { return nil }
      let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      defer { bytes.removeFirst(min(bytes.count, end + 1)) }
      return String(decoding: bytes[..<end], as: UTF8.self)
    }

    mutating func read() {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = unsafe Glibc.read(reader, &buffer, buffer.count)
      if count > 0 { bytes += buffer[..<count] } else { hasEnded = true }
    }

    mutating func closeWriter() {
      if writer >= 0 { Glibc.close(writer) }
      writer = -1
    }

    mutating func close() {
      Glibc.close(reader)
      closeWriter()
    }
  }
}

/// A program that could not be started, or did not end in time.
struct ProgramFailure: Error, CustomStringConvertible {
  let description: String
  init(description: String) { self.description = description }
  /// As `errno` has it.
  init(_ what: String) { description = "\(what): \(systemText(of: errno))" }
}

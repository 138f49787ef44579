import CShoalWan
import Glibc

// Safety: the system reads C strings during each call.

/// A network namespace that has a name, as `ip netns` keeps them.
struct Namespace {
  private static let directory = "/run/netns"
  let name: String
  /// Whether this process made it, and so removes it.
  let isOwn: Bool
  /// Held while this process lives, so that another run that finds the name taken knows whether it is in use.
  private var claim: Int32 = -1
  private var path: String { "\(Namespace.directory)/\(name)" }

  /// A namespace that already exists.
  init(existing name: String) throws(Failure) {
    self.name = name
    isOwn = false
    guard unsafe access(path, F_OK) == 0 else {
      throw Failure("there is no namespace \(name); make it with 'ip netns add \(name)', or leave the option out")
    }
  }

  /// The existing namespace with the name of one that is to be made; nil if there is none.
  init?(left name: String) {
    self.name = name
    isOwn = true
    claim = unsafe open("\(Namespace.directory)/\(name)", O_RDONLY | O_CLOEXEC)
    if claim < 0 { return nil }
  }

  /// Whether the process that made it is still alive; if not, it belongs to this one from now on.
  var isInUse: Bool { flock(claim, LOCK_EX | LOCK_NB) != 0 }

  /// A new namespace with its loopback up, and settings in which the link is the only limit.
  init(new name: String) throws(Failure) {
    self.name = name
    isOwn = true
    try Namespace.prepareDirectory()
    let file = unsafe open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)
    guard file >= 0 else { throw Failure(system: path) }
    close(file)
    do throws(Failure) {
      let home = try Namespace.current()
      defer { close(home) }
      guard unshare(SHOAL_CLONE_NEWNET) == 0 else { throw Failure(system: "new network namespace") }
      let bound = unsafe mount("/proc/thread-self/ns/net", path, "none", UInt(SHOAL_MS_BIND), nil)
      let code = errno
      try Namespace.enter(home)
      guard bound == 0 else { throw Failure(system: path, code: code) }
      claim = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard claim >= 0, !isInUse else { throw Failure(system: path) }
      try inside { () throws(Failure) in try Namespace.settle() }
    } catch {
      remove()
      throw error
    }
  }

  /// Removes the name; the namespace exists for as long as something runs in it. One that this process did not make
  /// stays.
  func remove() {
    guard isOwn else { return }
    if claim >= 0 { close(claim) }
    unsafe umount2(path, SHOAL_MNT_DETACH)
    unsafe unlink(path)
  }

  /// Runs `body` with this thread in the namespace.
  func inside<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    let home = try Namespace.current()
    defer { close(home) }
    let there = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard there >= 0 else { throw Failure(system: path) }
    defer { close(there) }
    try Namespace.enter(there)
    do throws(Failure) {
      let value = try body()
      try Namespace.enter(home)
      return value
    } catch {
      try Namespace.enter(home)
      throw error
    }
  }

  private static func current() throws(Failure) -> Int32 {
    let descriptor = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(system: "/proc/thread-self/ns/net") }
    return descriptor
  }

  private static func enter(_ descriptor: Int32) throws(Failure) {
    guard setns(descriptor, SHOAL_CLONE_NEWNET) == 0 else { throw Failure(system: "network namespace") }
  }

  /// Prepares the directory as `ip netns` does: a mount that shares its mounts, so that removing a name removes it for
  /// all.
  private static func prepareDirectory() throws(Failure) {
    if unsafe mkdir(directory, 0o755) != 0, errno != EEXIST { throw Failure(system: directory) }
    let share = UInt(SHOAL_MS_SHARED | SHOAL_MS_REC)
    if unsafe mount("", directory, "none", share, nil) == 0 { return }
    guard errno == EINVAL, unsafe mount(directory, directory, "none", UInt(SHOAL_MS_BIND | SHOAL_MS_REC), nil) == 0,
      unsafe mount("", directory, "none", share, nil) == 0
    else { throw Failure(system: directory) }
  }

  private static func settle() throws(Failure) {
    try NetworkInterface("lo").bringUp()
    // Room for a TCP window of 1 Gbit/s over 300 ms, and no metrics carried over from one connection to the next.
    for (key, value) in [
      ("ipv4/tcp_rmem", "4096 131072 67108864"), ("ipv4/tcp_wmem", "4096 131072 67108864"),
      ("ipv4/tcp_no_metrics_save", "1"),
    ] { setting(key, value) }
  }

  /// Sets a `sysctl` of the namespace that this thread is in, where the kernel has it.
  static func setting(_ key: String, _ value: String) {
    let file = unsafe open("/proc/sys/net/\(key)", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = unsafe value.withCString { unsafe write(file, $0, strlen($0)) }
    close(file)
  }
}

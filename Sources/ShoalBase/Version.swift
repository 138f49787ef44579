/// The version of the library and of all commands (semver.org).
public let shoalVersion = "0.1.0"

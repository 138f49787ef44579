import ShoalLink
import ShoalTerminal

extension LinkTrace {
  /// The trace in the file at a path, in mahimahi's format.
  init(path: String) throws(LinkSpecError.Problem) {
    let bytes: [UInt8]
    do throws(WholeFile.Failure) { bytes = try WholeFile.read(path, atMost: 256 << 20) } catch {
      throw .trace(error.reason)
    }
    do throws(Problem) { try self.init(bytes.span, name: path) } catch { throw LinkSpecError.Problem(error) }
  }
}

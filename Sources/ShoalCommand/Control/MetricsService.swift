/// As much of HTTP/1.1 as a scraper needs: one request per connection, and `/metrics`.
enum MetricsService {
  /// The longest request header, in bytes.
  static let longest = 8_192

  static func service(_ text: @escaping @Sendable () async -> String?) -> SmallServer.Service {
    SmallServer.Service(
      most: longest, isComplete: { isComplete($0) },
      answer: { request in await answer(request, text) })
  }

  /// Whether a request header is complete: bodies are not read.
  static func isComplete(_ bytes: [UInt8]) -> Bool {
    let end = bytes.suffix(2) == [10, 10] || bytes.suffix(4) == [13, 10, 13, 10]
    return end || bytes.firstRange(of: [13, 10, 13, 10]) != nil || bytes.firstRange(of: [10, 10]) != nil
  }

  static func answer(_ request: [UInt8], _ text: @Sendable () async -> String?) async -> [UInt8]? {
    guard !request.isEmpty else { return nil }
    guard isComplete(request) else {
      let status = request.count >= longest ? "431 Request Header Fields Too Large" : "400 Bad Request"
      return response(status, "")
    }
    let line = String(decoding: request.prefix { $0 != 13 && $0 != 10 }, as: UTF8.self)
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return response("400 Bad Request", "") }
    guard ["GET", "HEAD"].contains(words[0]) else {
      return response("405 Method Not Allowed", "", more: "Allow: GET, HEAD\r\n")
    }
    guard words[1].prefix(while: { $0 != "?" }) == "/metrics" else {
      return response("404 Not Found", "see /metrics\n")
    }
    guard let text = await text() else { return response("503 Service Unavailable", "") }
    return response("200 OK", text, isHead: words[0] == "HEAD")
  }

  private static func response(_ status: String, _ body: String, more: String = "", isHead: Bool = false) -> [UInt8] {
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
      + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\(more)\r\n"
    return Array((isHead ? head : head + body).utf8)
  }
}

/// The page of `shoal-dump report`, except for its data: the files in `page`, put together.
///
/// This is a module of its own because embedding those files takes the compiler longer than all of the inspector.
public enum ReportPage {
  /// Everything before the JSON that the page reads.
  public static let head = parts.head
  /// Everything after it.
  public static let tail = parts.tail

  private static let scripts = [
    PackageResources.data_js, PackageResources.text_js, PackageResources.view_js, PackageResources.paint_js,
    PackageResources.ink_js,
    PackageResources.sequence_js, PackageResources.panels_js, PackageResources.limits_js, PackageResources.receiver_js,
    PackageResources.swarm_js, PackageResources.legend_js,
    PackageResources.values_js, PackageResources.hover_js, PackageResources.marks_js, PackageResources.main_js,
    PackageResources.check_js,
  ]

  private static let parts: (head: [UInt8], tail: [UInt8]) = {
    var page = PackageResources.page_html
    replace("{{style}}", with: PackageResources.style_css, in: &page)
    replace("{{script}}", with: Array(scripts.joined(separator: [UInt8(ascii: "\n")])), in: &page)
    guard let place = find("{{data}}", in: page) else { return (page, []) }
    return (Array(page[..<place.lowerBound]), Array(page[place.upperBound...]))
  }()

  private static func replace(_ name: String, with bytes: [UInt8], in page: inout [UInt8]) {
    if let place = find(name, in: page) { page.replaceSubrange(place, with: bytes) }
  }

  private static func find(_ name: String, in page: [UInt8]) -> Range<Int>? {
    let bytes = Array(name.utf8)
    guard page.count >= bytes.count else { return nil }
    for start in 0...page.count - bytes.count where page[start..<start + bytes.count].elementsEqual(bytes) {
      return start..<start + bytes.count
    }
    return nil
  }
}

import ShoalWire

/// `tools/wireshark/shoal.lua`: `runtime.lua`, which is beside this file, with tables inserted that are made from the
/// declarations of the packets.
enum LuaDissector {
  /// The whole script.
  static let text: String = {
    // Whoever prints the script ends its last line.
    let runtime = String(decoding: PackageResources.runtime_lua.dropLast(), as: UTF8.self)
    let parts = runtime.split(separator: "\n-- {{tables}}\n")
    return String(parts[0]) + tables + String(parts[1])
  }()

  private static let packets = PacketType.allCases.map { type in
    (type.rawValue, type.name, role(of: type), fields(type.packet, type.name))
  }
  private static let messages = MessageType.allCases.map { type in
    (type.rawValue, type.name, "", fields(type.message, type.name))
  }
  private static let header = fields(Header.self, "header")

  private static func role(of type: PacketType) -> String {
    if type == .open || type.isTrackerRequest { return ", role=\"request\"" }
    return [.accept, .version, .retry].contains(type) || type.isTracker ? ", role=\"reply\"" : ""
  }

  private static func fields(_ group: any FieldGroup.Type, _ name: String) -> [LuaField] {
    func open<Group: FieldGroup>(_ group: Group.Type) -> [LuaField] { LuaFields.of(group, owner: name.lowercased()) }
    return open(group)
  }

  /// Every declared field, including those of list entries.
  static let all: [LuaField] = {
    func flat(_ fields: [LuaField]) -> [LuaField] {
      fields.flatMap { field -> [LuaField] in
        if case .list(let entries) = field.kind { [field] + flat(entries) } else { [field] }
      }
    }
    return flat(header + packets.flatMap(\.3) + messages.flatMap(\.3))
  }()

  /// The name in display filters: `shoal.size`, but `shoal.probe.size` if most fields called "size" have another type.
  static func filter(_ field: LuaField) -> String {
    let namesakes = all.filter { $0.name == field.name }
    let isUsual = namesakes.count { $0.kind.type == field.kind.type } * 2 > namesakes.count
    return isUsual ? field.name : "\(field.owner).\(field.name)"
  }

  private static var tables: String {
    var declared: Set<String> = []
    var text = "\n-- The names of codes.\nlocal names = {\n"
    for codes in CodeNames.allCases {
      let values = (0..<256).compactMap { value in codes.name(of: UInt64(value)).map { "[\(value)]=\"\($0)\"" } }
      text += wrapped("  \(codes) = { ", values, " },\n")
    }
    text += "}\n\n-- Every field that can be filtered for: its type, and how its values are shown.\nlocal fields = {\n"
    for field in all where declared.insert(filter(field)).inserted {
      text += "  [\"\(filter(field))\"] = { \"\(type(field))\"\(style(field)) },\n"
    }
    text += "}\n\n-- How each datagram is read: its fields, in the order of their bytes.\n"
    text += "local header = \(group(header, ""))\n\n"
    text += "local packets = {\n" + packets.map(entry).joined() + "}\n\n"
    text += "local messages = {\n" + messages.map(entry).joined() + "}\n"
    return text
  }

  private static func entry(_ value: UInt8, _ name: String, _ role: String, _ fields: [LuaField]) -> String {
    "  [\(value)] = { name=\"\(name)\"\(role), fields=\(group(fields, "  ")) },\n"
  }

  private static func group(_ fields: [LuaField], _ indent: String) -> String {
    let rows = fields.map { field -> String in
      let start = "\(indent)  { \(reader(field)), \"\(filter(field))\", \"\(field.name)\""
      let end = field.isLater ? ", later=true },\n" : " },\n"
      guard case .list(let entries) = field.kind else { return start + end }
      return start + ", \(group(entries, indent + "  "))" + end
    }
    return rows.isEmpty ? "{}" : "{\n" + rows.joined() + indent + "}"
  }

  /// The Lua function that reads the field.
  private static func reader(_ field: LuaField) -> String {
    switch field.kind {
    case .number(let bytes, .microseconds): "\"microseconds\", \(bytes)"
    case .number(let bytes, _): "\"number\", \(bytes)"
    case .digest: "\"bytes\", 32"
    case .address: "\"address\", 0"
    case .text: "\"text\", 0"
    case .runs: "\"runs\", 0"
    case .padding: "\"rest\", 0"
    case .rest where field.owner == "data": "\"messages\", 0"
    // Padding follows.
    case .rest where field.owner == "open": "\"messages\", 1"
    case .rest where field.owner == "ack": "\"slice\", 0"
    case .rest: "\"rest\", 0"
    case .list: "\"list\", 0"
    }
  }

  private static func type(_ field: LuaField) -> String { String(field.kind.type.prefix { $0 != " " }) }

  private static func style(_ field: LuaField) -> String {
    switch field.kind {
    case .number(_, .code(let names)): ", base.DEC, names.\(names)"
    case .number(_, .hex): ", base.HEX"
    // What a LOOKUP has that asks for no chunk in particular.
    case .number where field.name == "chunk": ", base.DEC, { [\(LookupPacket.anyChunk)]=\"any\" }"
    case .number, .list: ", base.DEC"
    default: ""
    }
  }

  /// Parts with commas between them, on as many lines as a width of 116 characters needs.
  private static func wrapped(_ start: String, _ parts: [String], _ end: String) -> String {
    var lines = [start]
    for (index, part) in parts.enumerated() {
      let part = index + 1 < parts.count ? part + "," : part
      let isFull = lines[lines.count - 1].utf8.count + part.utf8.count > 116
      if isFull { lines.append("   ") }
      lines[lines.count - 1] += index > 0 ? " " + part : part
    }
    return lines.joined(separator: "\n") + end
  }
}

extension LuaScript {
  static let fields = #"""

    local shoal = Proto("shoal", "Shoal")
    shoal.prefs.verify = Pref.bool("Verify checksums", true, "Compute the CRC-32C of every datagram")

    local f = {}
    for name, field in pairs(fields) do
      local label = name:match("[^.]+$"):gsub("_", " ")
      f[name] = ProtoField[field[1]]("shoal." .. name, label, table.unpack(field, 2))
    end
    f.message_type = ProtoField.uint8("shoal.message.type", "type", base.DEC, names.messageType)
    f.message_length = ProtoField.uint16("shoal.message.length", "length", base.DEC)
    f.ip = ProtoField.ipv4("shoal.ip", "IPv4 address")
    f.ipv6 = ProtoField.ipv6("shoal.ipv6", "IPv6 address")
    f.port = ProtoField.uint16("shoal.port", "UDP port", base.DEC)
    f.missing = ProtoField.string("shoal.missing", "missing")
    f.missing_count = ProtoField.uint32("shoal.missing.count", "number missing", base.DEC)
    local statuses = { [0]="Bad", [1]="Good", [2]="Unverified" }
    f.status = ProtoField.uint8("shoal.checksum.status", "checksum status", base.DEC, statuses)
    f.computed = ProtoField.uint32("shoal.checksum.computed", "computed checksum", base.HEX)

    local links = {
      response_in = ProtoField.framenum("shoal.response_in", "response in", base.NONE, frametype.RESPONSE),
      response_to = ProtoField.framenum("shoal.response_to", "response to", base.NONE, frametype.REQUEST),
      response_time = ProtoField.relative_time("shoal.response_time", "response time"),
      first_sent = ProtoField.framenum("shoal.first_sent", "first sent in", base.NONE, frametype.RETRANS_PREV),
      resent_after = ProtoField.relative_time("shoal.resent_after", "resent after"),
    }
    for name, link in pairs(links) do f[name] = link end
    shoal.fields = f

    local group, severity = expert.group, expert.severity
    local experts = {
      bad = ProtoExpert.new("shoal.checksum.bad", "Bad checksum", group.CHECKSUM, severity.ERROR),
      resent = ProtoExpert.new("shoal.resent", "Retransmission", group.SEQUENCE, severity.NOTE),
      retry = ProtoExpert.new("shoal.retry", "Asked again", group.SEQUENCE, severity.NOTE),
      refused = ProtoExpert.new("shoal.refused", "The tracker refuses", group.RESPONSE_CODE, severity.WARN),
      malformed = ProtoExpert.new("shoal.malformed", "Malformed", group.MALFORMED, severity.ERROR),
    }
    shoal.experts = experts

    -- Reading raises `malformed` where the bytes end before a field does, or cannot be one.
    local malformed = {}

    local function take(at, count)
      if at.stop - at.offset < count then error(malformed) end
      local range = at.tvb(at.offset, count)
      at.offset = at.offset + count
      return range
    end

    -- RFC 9000, section 16. What Lua 5.2 cannot hold exactly is outside every range that is allowed.
    local function varint(at)
      local first = take(at, 1):uint()
      local value = first % 64
      for _ = 2, 2 ^ math.floor(first / 64) do value = value * 256 + take(at, 1):uint() end
      return value
    end

    local function addRun(runs, first, count)
      local last = (first + count - 1) % 4294967296
      runs[#runs + 1] = count == 1 and string.format("%d", first) or string.format("%d-%d", first, last)
    end

    local mostChunks = 4194304

    local readers = {}

    -- For the summary: these fields, where they are, say what happened.
    local brief = {}
    for word in ([[seq attempt next top window arq size code have end chunk gained total file offset chunks
      name interval lowest highest]]):gmatch("%S+") do brief[word] = true end

    local function say(at, name, value)
      if brief[name] and not (name == "attempt" and value == "0") then
        at.words[#at.words + 1] = name .. "=" .. value
      end
    end

    function readers.number(at, tree, field)
      local range = take(at, field[2])
      local value = field[2] > 4 and range:uint64() or range:uint()
      local item = tree:add(f[field[3]], range)
      local codes = fields[field[3]][3]
      say(at, field[4], codes and codes[value] or tostring(value))
      return item, value
    end

    function readers.microseconds(at, tree, field)
      local item, value = readers.number(at, tree, field)
      item:append_text(" us")
      return item, value
    end

    function readers.bytes(at, tree, field) tree:add(f[field[3]], take(at, field[2])) end

    function readers.rest(at, tree, field)
      local range = at.stop > at.offset and take(at, at.stop - at.offset)
      if range then tree:add(f[field[3]], range) end
    end

    function readers.text(at, tree, field)
      local start = at.offset
      local count = take(at, 1):uint()
      local value = count > 0 and take(at, count):string(ENC_UTF_8) or ""
      tree:add(f[field[3]], at.tvb(start, count + 1), value)
      say(at, field[4], '"' .. value .. '"')
    end

    function readers.address(at, tree, field)
      local start = at.offset
      local family = take(at, 1):uint()
      if family ~= 4 and family ~= 6 then error(malformed) end
      local host = take(at, family == 4 and 4 or 16)
      local port = take(at, 2)
      local text = tostring(family == 4 and host:ipv4() or host:ipv6()):gsub("^::ffff:(%d+%.)", "%1")
      text = (text:find(":") and "[%s]:%d" or "%s:%d"):format(text, port:uint())
      local item = tree:add(f[field[3]], at.tvb(start, at.offset - start), text)
      item:add(family == 4 and f.ip or f.ipv6, host)
      item:add(f.port, port)
    end

    function readers.runs(at, tree, field)
      local start, runs, last = at.offset, {}, 0
      for _ = 1, take(at, 2):uint() do
        local first = last + varint(at)
        local count = varint(at)
        last = first + count
        if count == 0 or last > mostChunks then error(malformed) end
        addRun(runs, first, count)
      end
      local text = table.concat(runs, ",")
      tree:add(f[field[3]], at.tvb(start, at.offset - start), text)
      say(at, field[4], text)
    end

    local function readGroup(at, tree, group)
      for _, field in ipairs(group) do readers[field[1]](at, tree, field) end
    end

    function readers.list(at, tree, field)
      local range = take(at, 1)
      local list = tree:add(f[field[3]], range)
      for index = 0, range:uint() - 1 do
        local start = at.offset
        local entry = list:add(shoal, at.tvb(start, 0), string.format("%s[%d]", field[4], index))
        readGroup(at, entry, field[5])
        entry:set_len(at.offset - start)
      end
    end

    """#
}

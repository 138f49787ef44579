extension LuaScript {
  static let main = #"""

    -- The slice of an ACK: which of `count` numbers from `first` on have not arrived.
    local function missing(at, first, count, encoding)
      local runs, total, position = {}, 0, 0
      local function add(start, length)
        if length == 0 then return end
        addRun(runs, (first + start) % 4294967296, length)
        total = total + length
      end
      if encoding == 0 then
        local isMissing = true
        while position < count and at.offset < at.stop do
          local isWhole, length = pcall(varint, at)
          if not isWhole then break end
          length = math.min(length, count - position)
          if isMissing then add(position, length) end
          position, isMissing = position + length, not isMissing
        end
      elseif encoding == 1 then
        local run, byte = 0, 0
        count = math.min(count, (at.stop - at.offset) * 8)
        for index = 0, count - 1 do
          if index % 8 == 0 then byte = take(at, 1):uint() end
          if byte % 2 == 0 then
            run = run + 1
          else
            add(index - run, run)
            run = 0
          end
          byte = math.floor(byte / 2)
        end
        add(count - run, run)
      end
      return table.concat(runs, ","), total
    end

    function readers.slice(at, tree, field)
      local start, stop = at.offset, at.stop
      if start == stop then return end
      local range = at.tvb(start, stop - start)
      local item = tree:add(f[field[3]], range)
      local first, count, encoding = at.tvb(start - 9, 4):uint(), at.tvb(start - 5, 4):uint(), at.tvb(start - 1, 1):uint()
      at.offset = stop
      -- A number that the end cuts ends the list, as its receiver has it.
      local text, total = missing({ tvb = at.tvb, offset = start, stop = stop }, first, count, encoding)
      if total == 0 then return end
      item:add(f.missing, range, text):set_generated()
      item:add(f.missing_count, range, total):set_generated()
      at.words[#at.words + 1] = string.format("missing=%s (%d)", text, total)
    end

    function readers.messages(at, tree)
      while at.offset < at.stop do
        local start = at.offset
        local kind, length = take(at, 1), take(at, 2)
        local message = messages[kind:uint()]
        local stop = start + 3 + length:uint()
        if stop > at.stop and not at.isCut then error(malformed) end
        local name = message and message.name or "unknown message"
        local branch = tree:add(shoal, at.tvb(start, math.min(stop, at.stop) - start), name)
        branch:add(f.message_type, kind)
        branch:add(f.message_length, length)
        at.words[#at.words + 1] = name
        local part = { tvb = at.tvb, offset = at.offset, stop = math.min(stop, at.stop), words = at.words }
        if message then readGroup(part, branch, message.fields) end
        at.offset = part.stop
      end
    end

    -- Whether the datagram is intact, or nil if that cannot be told; and what its checksum should be.
    local function verify(tvb)
      if tvb:len() < tvb:reported_len() or tvb:len() < 16 or not shoal.prefs.verify then return nil end
      local computed = checksum(tvb:raw())
      return computed == tvb(4, 4):uint(), computed
    end

    local function showChecksum(tree, tvb, isIntact, computed)
      tree:add(f.status, tvb(4, 4), isIntact == nil and 2 or isIntact and 1 or 0):set_generated()
      if isIntact ~= false then return end
      tree:add(f.computed, tvb(4, 4), computed):set_generated()
      tree:add_proto_expert_info(experts.bad)
    end

    local function read(at, tree, packet)
      readGroup(at, tree, header)
      at.words = {}
      if not packet then error(malformed) end
      readGroup(at, tree, packet.fields)
      if at.offset < at.stop then tree:add(at.tvb(at.offset, at.stop - at.offset), "ignored") end
    end

    local function flow(pinfo)
      local a, b = endpoint(pinfo.src, pinfo.src_port), endpoint(pinfo.dst, pinfo.dst_port)
      return a < b and a .. b or b .. a
    end

    local function dissect(tvb, pinfo, tree)
      if tvb:len() < 2 then return 0 end
      local isIntact, computed = verify(tvb)
      local key = flow(pinfo)
      -- Damage to the first two bytes does not make it a stranger's.
      if tvb(0, 2):uint() ~= 0x5368 and not (isIntact == false and flows[key]) then return 0 end
      if isIntact ~= false then flows[key] = true end

      local number = tvb:len() > 3 and tvb(3, 1):uint()
      local packet = packets[number]
      local name = packet and packet.name or number and string.format("0x%02x", number) or "?"
      pinfo.cols.protocol = "Shoal"
      local branch = tree:add(shoal, tvb(), "Shoal " .. name)
      local at = { tvb = tvb, offset = 0, stop = tvb:len(), isCut = tvb:len() < tvb:reported_len(), words = {} }
      local isRead, failure = pcall(read, at, branch, packet)
      if not isRead and failure ~= malformed then error(failure, 0) end
      if tvb:len() >= 16 then showChecksum(branch, tvb, isIntact, computed) end

      if isIntact == false then
        -- Nothing in a corrupt datagram is believed.
        pinfo.cols.info = name .. "? [corrupt]"
        return tvb:len()
      end
      pinfo.cols.info = table.concat({ name, table.unpack(at.words) }, " ")
      if not isRead and not at.isCut then branch:add_proto_expert_info(experts.malformed) end
      if not packet then return tvb:len() end
      if tvb:len() >= 16 then
        if not pinfo.visited then marks[pinfo.number] = note(packet, tvb, pinfo) end
        if marks[pinfo.number] then showMark(marks[pinfo.number], branch, pinfo) end
      end
      if packet.name == "ERROR" then branch:add_proto_expert_info(experts.refused) end
      return tvb:len()
    end

    shoal.dissector = dissect

    -- Any UDP port: what begins with the magic and a version that is known is ours, and so is its conversation.
    shoal:register_heuristic("udp", function(tvb, pinfo, tree)
      if tvb:len() < 4 or tvb(0, 2):uint() ~= 0x5368 then return false end
      local version, number = tvb(2, 1):uint(), tvb(3, 1):uint()
      if version ~= 1 and not (version == 0 and number == 1) then return false end
      dissect(tvb, pinfo, tree)
      pinfo.conversation = shoal
      return true
    end)

    local ports = DissectorTable.get("udp.port")
    ports:add("7400-7402", shoal)
    ports:add_for_decode_as(shoal)
    """#
}

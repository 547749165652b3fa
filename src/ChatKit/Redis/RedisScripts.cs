namespace ChatKit.Redis;

/// <summary>The scripts for a room's history. Redis runs each script atomically, so the state between a push and its trim is never visible.</summary>
/// <remarks>
/// A room's meta hash contains its epoch, its last sequence, its capacity if one was passed, and its last revision if a message was ever
/// changed. After the store has lost messages or changes that nodes had delivered, it also contains <c>parent</c>, the previous epoch,
/// <c>fork</c> and <c>forked</c>, the last sequence and the last revision that both streams share.
/// </remarks>
internal static class RedisScripts
{
    /// <summary>The last byte of an entry, counted from 1, that a change leaves as it is: that of the trace (<see cref="RedisEntry"/>).</summary>
    private const string LastUnchanged =
        """
        local function lastUnchanged(entry)
          local flags, last = string.byte(entry, 2), 10
          for _, text in ipairs({4, 8, 16}) do
            if flags % (text * 2) >= text then
              local a, b, c, d = string.byte(entry, last + 1, last + 4)
              last = last + 4 + a + b * 256 + c * 65536 + d * 16777216
            end
          end
          return last
        end

        """;

    /// <summary>
    /// Stores messages in their order, assigns their positions and publishes them. A server that is out of memory refuses the first write,
    /// so either all writes succeed or none.
    /// </summary>
    /// <remarks>
    /// KEYS: the meta hash; the list; and, if any message has an idempotency key, a key for each message, which is the meta hash for those
    /// that have none. ARGV: the default capacity; the time to live in milliseconds; the epoch to use if a new one starts; the lifetime of
    /// the idempotency keys in milliseconds; the epoch, the sequence and the revision that the caller knows to be stored; the command that
    /// publishes, or an empty text; the channel; and for each message the entry, and the capacity or an empty text for the stored one (the
    /// largest applies). Returns the epoch of the stored messages, and for each message its sequence, or the position of the message that was
    /// stored with its key, or an array with the error of its key.
    /// </remarks>
    public static RedisScript Append { get; } = new(
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'capacity', 'revision')
        local epoch, top, revision = meta[1], tonumber(meta[2]) or 0, tonumber(meta[4]) or 0
        local forks = epoch == ARGV[5] and (top < tonumber(ARGV[6]) or revision < tonumber(ARGV[7]))
        if forks or not epoch then
          epoch = ARGV[3]
        end
        local answer, entries, positions, named = {epoch}, {}, {}, 0
        for i = 1, (#ARGV - 9) / 2 do
          local key = KEYS[i + 2]
          local keyed = key and key ~= KEYS[1]
          local first = keyed and (positions[key] or redis.pcall('GET', key))
          if type(first) == 'table' then
            answer[i + 1] = {first.err}
          elseif first then
            answer[i + 1] = first
          else
            entries[#entries + 1] = ARGV[8 + 2 * i]
            named = math.max(named, tonumber(ARGV[9 + 2 * i]) or 0)
            answer[i + 1] = top + #entries
            if keyed then
              positions[key] = epoch .. ':' .. string.format('%.0f', top + #entries)
            end
          end
        end
        if #entries == 0 then
          return answer
        end
        local kept = tonumber(meta[3]) or 0
        local capacity = math.max(named, kept)
        if capacity == 0 then
          capacity = tonumber(ARGV[1])
        end
        if not meta[1] then
          capacity = math.min(math.max(capacity, 1), #entries)
        elseif forks then
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'parent', meta[1], 'fork', top, 'forked', revision)
        end
        if redis.call('RPUSH', KEYS[2], unpack(entries)) > capacity then
          redis.call('LTRIM', KEYS[2], -capacity, -1)
        end
        if named > kept then
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'sequence', top + #entries, 'capacity', named)
        else
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'sequence', top + #entries)
        end
        redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
        redis.call('PEXPIRE', KEYS[2], ARGV[2])
        for key, position in pairs(positions) do
          redis.call('SET', key, position, 'PX', ARGV[4])
        end
        if ARGV[8] ~= '' then
          for i, entry in ipairs(entries) do
            redis.call(ARGV[8], ARGV[9], epoch .. ':' .. string.format('%.0f', top + i) .. '\n' .. entry)
          end
        end
        return answer
        """);

    /// <summary>Replaces the payload of a stored message, assigns the change its revision, and publishes it.</summary>
    /// <remarks>
    /// KEYS: the meta hash; the list; the idempotency key, if there is one. ARGV: the epoch and the sequence of the message; whether it is
    /// deleted, 1 or 0; the flags and the tail of <see cref="RedisEntry.Encode(MessageChange)"/>; the time to live in milliseconds; the epoch
    /// to use if a new one starts; the lifetime of the idempotency key in milliseconds; the epoch, the sequence and the revision that the
    /// caller knows to be stored; the command that publishes, or an empty text; the channel. Returns the outcome (0 gone, 1 changed, 2
    /// unchanged), and for a change the epoch, the last sequence, the revision and the entry.
    /// </remarks>
    public static RedisScript Change { get; } = new(
        LastUnchanged +
        """
        if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then
          return {2}
        end
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'revision', 'parent', 'fork')
        local epoch, top, revision = meta[1], tonumber(meta[2]) or 0, tonumber(meta[3]) or 0
        local sequence = tonumber(ARGV[2])
        if not epoch or sequence > top or (epoch ~= ARGV[1] and (meta[4] ~= ARGV[1] or sequence > tonumber(meta[5]))) then
          return {0}
        end
        local index = sequence - top - 1
        local entry = redis.call('LINDEX', KEYS[2], index)
        if not entry then
          return {0}
        end
        local flags = string.byte(entry, 2)
        local position = epoch .. ':' .. ARGV[2]
        if flags >= 128 then
          if ARGV[3] == '1' and KEYS[3] then
            redis.call('SET', KEYS[3], position, 'PX', ARGV[8])
          end
          return {ARGV[3] == '1' and 2 or 0}
        end
        local last = lastUnchanged(entry)
        revision = revision + 1
        local bytes, rest = {}, revision
        for i = 1, 8 do
          bytes[i] = string.char(rest % 256)
          rest = math.floor(rest / 256)
        end
        local kept = flags % 32 - flags % 2
        local changed = string.char(2, kept + tonumber(ARGV[4])) .. string.sub(entry, 3, last) .. table.concat(bytes) .. ARGV[5]
        redis.call('LSET', KEYS[2], index, changed)
        if epoch == ARGV[9] and (top < tonumber(ARGV[10]) or revision <= tonumber(ARGV[11])) then
          redis.call('HSET', KEYS[1], 'epoch', ARGV[7], 'parent', epoch, 'fork', top, 'forked', revision - 1)
          epoch = ARGV[7]
          position = epoch .. ':' .. ARGV[2]
        end
        redis.call('HSET', KEYS[1], 'revision', revision)
        redis.call('PEXPIRE', KEYS[1], ARGV[6] * 2)
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
        if KEYS[3] then
          redis.call('SET', KEYS[3], position, 'PX', ARGV[8])
        end
        if ARGV[12] ~= '' then
          redis.call(ARGV[12], ARGV[13], position .. '\n' .. changed)
        end
        return {1, epoch, top, revision, changed}
        """);

    /// <summary>Reads the messages before a position.</summary>
    /// <remarks>
    /// ARGV: the epoch and the sequence of the position, both empty to read the latest messages; the maximum number of messages; the size in
    /// bytes at which the answer ends. Returns the epoch, the sequence before the first entry, the entries, and whether there are older ones;
    /// nothing if there are no messages.
    /// </remarks>
    public static RedisScript ReadBefore { get; } = new(
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'parent', 'fork')
        local top, stored = tonumber(meta[2]) or 0, redis.call('LLEN', KEYS[2])
        local last = top
        if ARGV[2] ~= '' then
          last = tonumber(ARGV[2]) - 1
          if meta[1] ~= ARGV[1] and (meta[3] ~= ARGV[1] or last > tonumber(meta[4])) then
            return {}
          end
        end
        last = math.min(last, top)
        local oldest = top - stored
        if not meta[1] or last <= oldest then
          return {}
        end
        local from, limit, entries, bytes = math.max(last - tonumber(ARGV[3]), oldest), tonumber(ARGV[4]), {}, 0
        for sequence = last, from + 1, -1 do
          local entry = redis.call('LINDEX', KEYS[2], sequence - top - 1)
          bytes = bytes + #entry
          if bytes > limit and #entries > 0 then
            from = sequence
            break
          end
          table.insert(entries, 1, entry)
        end
        return {meta[1], from, entries, from > oldest and 1 or 0}
        """);

    /// <summary>
    /// Reads a consistent snapshot of a room's messages after a position, of the changes to those before it, and of its last position.
    /// </summary>
    /// <remarks>
    /// ARGV: the reader's epoch and sequence, both empty if it has none; the time to live in milliseconds; the size in bytes at which the
    /// answer ends, apart from changes; the reader's revision, empty if it needs no changes; the maximum number of messages for a reader
    /// without a position, or an empty text. Each read keeps the meta hash alive, even when the messages have expired, so that the positions
    /// continue. Returns the epoch, the sequence, the number of messages after the reader's position that are no longer stored, whether the
    /// reader has a position of another stream, the first entries, the total number of entries, the revision, and the sequences and entries
    /// of the changes, in the order of their sequences; nothing if the room is empty. Finding the changes scans the entries that the reader
    /// has: that costs Redis no more than sending them to a newcomer, needs no index that could be evicted, and readers that have missed no
    /// change don't need it.
    /// </remarks>
    public static RedisScript Read { get; } = new(
        LastUnchanged +
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'parent', 'fork', 'revision', 'forked')
        if not meta[1] then
          return {}
        end
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
        end
        local top, stored = tonumber(meta[2]), redis.call('LLEN', KEYS[2])
        local revision, known = tonumber(meta[5]) or 0, tonumber(ARGV[5])
        local wanted, restarted = top, 0
        if ARGV[2] == '' then
          wanted = math.min(stored, tonumber(ARGV[6]) or stored)
        elseif ARGV[2] ~= '0' then
          local after, fork = tonumber(ARGV[2]), tonumber(meta[4])
          if ARGV[1] == meta[1] and after <= top and (known or 0) <= revision then
            wanted = top - after
          elseif ARGV[1] == meta[3] and (known or 0) <= (tonumber(meta[6]) or 0) then
            restarted = after > fork and 1 or 0
            wanted = top - math.min(after, fork)
          else
            restarted = 1
          end
        end
        local count, limit, entries, bytes = math.min(wanted, stored), tonumber(ARGV[4]), {}, 0
        local changes = {}
        if known and known < revision and restarted == 0 and ARGV[2] ~= '' then
          for from = -stored, -count - 1, 64 do
            for i, entry in ipairs(redis.call('LRANGE', KEYS[2], from, math.min(from + 63, -count - 1))) do
              if string.byte(entry, 1) == 2 then
                local last, changed = lastUnchanged(entry), 0
                for byte = 8, 1, -1 do
                  changed = changed * 256 + string.byte(entry, last + byte)
                end
                if changed > known then
                  changes[#changes + 1] = top + from + i
                  changes[#changes + 1] = entry
                end
              end
            end
          end
        end
        for from = -count, -1, 8 do
          for _, entry in ipairs(redis.call('LRANGE', KEYS[2], from, math.min(from + 7, -1))) do
            if bytes < limit then
              entries[#entries + 1], bytes = entry, bytes + #entry
            end
          end
          if bytes >= limit then
            break
          end
        end
        return {meta[1], top, wanted - count, restarted, entries, count, revision, changes}
        """);

    /// <summary>
    /// Starts a new epoch if the store has lost messages or changes that the caller knows to be stored. Otherwise new ones would take their
    /// positions and revisions.
    /// </summary>
    /// <remarks>
    /// ARGV: the epoch and the sequence that the caller knows; the epoch to use if a new one starts; the revision that the caller knows.
    /// Returns the epoch, the sequence and the revision.
    /// </remarks>
    public static RedisScript Fork { get; } = new(
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'revision')
        if not meta[1] then
          return {}
        end
        local sequence, revision = tonumber(meta[2]), tonumber(meta[3]) or 0
        if meta[1] == ARGV[1] and (sequence < tonumber(ARGV[2]) or revision < tonumber(ARGV[4])) then
          redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'parent', meta[1], 'fork', sequence, 'forked', revision)
          return {ARGV[3], sequence, revision}
        end
        return {meta[1], sequence, revision}
        """);
}

-- A bucket is a hash; the index is a sorted set of their names, by when each stops to matter.
-- Times are microseconds. Numbers are written in full, because Lua's own way rounds to 14 digits.

local index = KEYS[1]
local now = tonumber(ARGV[1])
local keep = tonumber(ARGV[2])

local function text(number)
  return string.format('%.0f', number)
end

local known = {}

local function bucket(key, name)
  if known[key] then return known[key] end
  local row = redis.call('HMGET', key, 'size', 'size_told', 'used', 'resets_at', 'reset_told',
    'closed_until', 'why')
  known[key] = {
    key = key, name = name, exists = redis.call('EXISTS', key) == 1,
    size = tonumber(row[1] or '0'), size_told = row[2] == '1',
    used = tonumber(row[3] or '0'),
    resets_at = tonumber(row[4] or '0'), reset_told = row[5] == '1',
    closed_until = tonumber(row[6] or '0'), why = row[7] or '',
  }
  return known[key]
end

local function store()
  for key, b in pairs(known) do
    if b.changed then
      local horizon = math.max(b.resets_at, b.closed_until)
      redis.call('HSET', key, 'size', text(b.size), 'size_told', b.size_told and '1' or '0',
        'used', text(b.used), 'resets_at', text(b.resets_at),
        'reset_told', b.reset_told and '1' or '0', 'closed_until', text(b.closed_until),
        'why', b.why)
      redis.call('PEXPIRE', key, text(math.max(math.ceil((horizon - now + keep) / 1000), 1)))
      redis.call('ZADD', index, text(horizon), b.name)
    end
  end
  redis.call('ZREMRANGEBYSCORE', index, '-inf', text(now - keep))
end

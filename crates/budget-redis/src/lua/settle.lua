-- Records what became of a reservation. KEYS: the index, then a bucket for each thing that is said.
-- ARGV: now, keep, how close two resets are that are the same, then five of each: what is said, the
-- bucket's name, and three values.

local same = tonumber(ARGV[3])

for i = 2, #KEYS do
  local at = 5 * i - 6
  local what, name = ARGV[at], ARGV[at + 1]
  local b = bucket(KEYS[i], name)
  if what == 'reading' and b.exists then
    -- Within a window the larger use counts; what is said of an older one is not believed.
    local size, used, resets_at = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]),
      tonumber(ARGV[at + 4])
    if resets_at > now and (not b.reset_told or b.resets_at <= resets_at + same) then
      local newer = b.reset_told and b.resets_at < resets_at - same
      b.used = newer and used or math.max(b.used, used)
      b.size, b.size_told, b.resets_at, b.reset_told = size, true, resets_at, true
      b.changed = true
    end
  elseif what == 'unused' and b.exists then
    b.used = math.max(b.used - tonumber(ARGV[at + 2]), 0)
    b.changed = true
  elseif what == 'closed' then
    b.closed_until, b.why = tonumber(ARGV[at + 2]), ARGV[at + 3]
    b.exists, b.changed = true, true
  end
end
store()

-- Takes all draws, or nothing. KEYS: the index, then a bucket a draw. ARGV: now, keep, then name,
-- size, amount and the window's end of each draw. Answers what is in the way, if anything is.

local closed
for i = 2, #KEYS do
  local b = bucket(KEYS[i], ARGV[4 * i - 5])
  if b.closed_until > now and (not closed or b.closed_until > closed.closed_until) then
    closed = b
  end
end
if closed then return { 'closed', text(closed.closed_until), closed.why } end

for i = 2, #KEYS do
  local b = known[KEYS[i]]
  local size, amount = tonumber(ARGV[4 * i - 4]), tonumber(ARGV[4 * i - 3])
  if amount > 0 then
    if amount > size then return { 'small', tostring(i - 2) } end
    if not b.size_told then b.size = size end
    if b.resets_at <= now then
      b.used, b.resets_at, b.reset_told = amount, tonumber(ARGV[4 * i - 2]), false
    elseif b.used + amount <= b.size then
      b.used = b.used + amount
    else
      return { 'full', tostring(i - 2), text(b.used), text(b.size), text(b.resets_at) }
    end
    b.changed = true
  end
end
store()
return { 'taken' }

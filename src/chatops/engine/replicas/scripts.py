"""What Redis computes itself, in Lua, so that nobody comes between. Numbers of 2^53 and less are exact there."""

from __future__ import annotations

SEND = """
-- KEYS: streams. ARGV: how long a running turn's events stay (ms), how long an ended one's do; then three for each
-- stream: the entry's id, its events, and `b` if it begins the stream, `e` if it ends it, `be`, or nothing. An entry
-- makes its stream only if it begins it. Returns for each stream: 1, it is there; 0, the stream is not; or an error.
local answers = {}
for n = 1, #KEYS do
  local id, events, mark = ARGV[3 * n], ARGV[3 * n + 1], ARGV[3 * n + 2]
  local begins, ends = string.find(mark, 'b'), string.find(mark, 'e')
  local added
  if begins then
    added = redis.pcall('XADD', KEYS[n], id, 'e', events)
  else
    added = redis.pcall('XADD', KEYS[n], 'NOMKSTREAM', id, 'e', events)
  end
  if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller') then
    answers[n] = added.err
  else
    answers[n] = added and 1 or 0
  end
  if begins or ends then
    redis.call('PEXPIRE', KEYS[n], ends and ARGV[2] or ARGV[1])
  end
end
return answers
"""

ADMIT = """
-- KEYS: a rate's, then slots'. ARGV: now (ms), the rate's interval and burst (us; 0: no rate), the turn's lease (ms)
-- and id, then a limit for each of the slots. Returns {us to wait, which slots are full (from 1), how many are taken}.
local now = tonumber(ARGV[1]) * 1000
local interval, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
if interval > 0 then  -- limits.rates.step
  local tat = tonumber(redis.call('GET', KEYS[1]) or 0)
  local start = math.min(math.max(tat, now), now + burst)
  local wait = start + interval - burst - now
  local after = wait > 0 and start or start + interval
  local kept = math.max(1, math.ceil((after - now) / 1000))
  redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', kept)
  if wait > 0 then
    return {wait, 0, 0}
  end
end
for n = 2, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[n], '-inf', ARGV[1])
  local taken = redis.call('ZCARD', KEYS[n])
  if taken >= tonumber(ARGV[n + 4]) then
    return {0, n - 1, taken}
  end
end
for n = 2, #KEYS do
  redis.call('ZADD', KEYS[n], ARGV[4], ARGV[5])
  redis.call('EXPIRE', KEYS[n], 86400)
end
return {0, 0, 0}
"""

SLOT = """
-- KEYS: a lane. ARGV: its pace (us) and burst. Takes the next slot, by this server's clock, and returns how long it is
-- until then (us).
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local pace, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
redis.call('SET', KEYS[1], string.format('%.0f', full + pace), 'PX', math.ceil((full + pace - now) / 1000))
return math.max(0, full - pace * (burst - 1) - now)
"""

CLOSE = """
-- KEYS: a lane. ARGV: us. No slot before that is over; then one, and no burst after it.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now + tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
"""

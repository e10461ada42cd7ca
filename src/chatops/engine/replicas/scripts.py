"""What Redis computes itself, in Lua, so that nobody comes between. Numbers of 2^53 and less are exact there."""

from __future__ import annotations

SEND = """
-- KEYS: streams. ARGV: how long a running turn's events stay (ms), how long an ended one's do; then four for each
-- stream: the numbers of the first and the last event, the events, and `e` if they end it. The first event makes the
-- stream; others follow only where those before them are (a server that took over from another may lack some).
-- Returns for each stream: 1, they are there; 0, what is before them is not; or an error.
local answers = {}
for n = 1, #KEYS do
  local key, first, last = KEYS[n], tonumber(ARGV[4 * n - 1]), ARGV[4 * n]
  local events, ends = ARGV[4 * n + 1], ARGV[4 * n + 2] == 'e'
  local newest = first > 1 and redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  if first > 1 and (not newest or tonumber(string.match(newest[1], '^%d+')) < first - 1) then
    answers[n] = 0
  else
    local added = redis.pcall('XADD', key, last .. '-0', 'e', events)
    local refused = type(added) == 'table' and added.err
    answers[n] = refused and not string.find(refused, 'equal or smaller') and refused or 1
    if first == 1 or ends then
      redis.call('PEXPIRE', key, ends and ARGV[2] or ARGV[1])
    end
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
  if redis.call('ZSCORE', KEYS[n], ARGV[5]) then
    taken = taken - 1
  end
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

GIVE_BACK = """
-- KEYS: a rate's. ARGV: its interval (us).
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('DECRBY', KEYS[1], ARGV[1])
end
return 1
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

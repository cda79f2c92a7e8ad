-- The windows of one client: requests and tokens, each the moment (in microseconds) at which its minute is whole again.
-- KEYS: requests, tokens
-- ARGV: what a request costs and what a token costs of a minute (0: not limited), what has been spent of tokens, and what
-- has been used at least of both, as a replica knows that has had no answer for a while.
local minute = 60000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function used(key, least)
  return math.max((tonumber(redis.call('GET', key) or 0)) - now, least, 0)
end

local function keep(key, used)
  local gone = string.format('%.0f', math.ceil(used / 1000) + 1)
  redis.call('SET', key, string.format('%.2f', now + used), 'PX', gone)
end

local function wait(used, cost)
  local wait = used + cost - minute
  if cost == 0 or wait < 1 then return 0 end
  return wait
end

local request, token, spent = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local least_requests, least_tokens = tonumber(ARGV[4]), tonumber(ARGV[5])
local requests, tokens = used(KEYS[1], least_requests), used(KEYS[2], least_tokens)
local request_wait, token_wait = wait(requests, request), wait(tokens, token)
if request > 0 and request_wait == 0 and token_wait == 0 then
  requests = requests + request
end
tokens = tokens + spent
if request > 0 and requests > 0 then keep(KEYS[1], requests) end
if spent > 0 or least_tokens > 0 then keep(KEYS[2], tokens) end
return { math.ceil(requests), math.ceil(tokens), math.ceil(request_wait), math.ceil(token_wait) }

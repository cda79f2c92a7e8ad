-- What a client has spent in some windows, in billionths of a dollar: a hash for each, with what each replica has spent and
-- their total. A replica tells all it has spent there, and not what has come since: told twice it is the same.
-- KEYS: the windows
-- ARGV: which replica tells it; then for each window what that has spent, and the second from which on it may be forgotten
local totals = {}
for i, key in ipairs(KEYS) do
  local spent = ARGV[2 * i]
  local more = tonumber(spent) - tonumber(redis.call('HGET', key, ARGV[1]) or 0)
  if more > 0 then
    redis.call('HSET', key, ARGV[1], spent)
    redis.call('HINCRBY', key, 'total', string.format('%.0f', more))
    redis.call('EXPIREAT', key, ARGV[2 * i + 1])
  end
  totals[i] = redis.call('HGET', key, 'total') or '0'
end
return totals

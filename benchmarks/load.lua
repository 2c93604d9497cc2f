-- Sends the signed callbacks of REQUESTS, one a line: timestamp, authorization, body, by tabs.
-- PACE (ms) gives each connection a random think time of 0 to twice as much.
local requests, count, at = {}, 0, 0
local pace = tonumber(os.getenv("PACE") or "0")

function init(arguments)
  for line in io.lines(os.getenv("REQUESTS")) do
    local timestamp, authorization, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
    count = count + 1
    requests[count] = wrk.format("POST", "/callbacks/sinch", {
      ["Host"] = "127.0.0.1",
      ["Content-Type"] = "application/json; charset=utf-8",
      ["x-timestamp"] = timestamp,
      ["Authorization"] = authorization,
    }, body)
  end
  math.randomseed(42)
end

function request()
  at = at % count + 1
  return requests[at]
end

if pace > 0 then
  function delay() return math.random(0, 2 * pace) end
end

function done(summary, latency, requests)
  io.write(string.format(
    'JSON {"requests":%d,"microseconds":%d,"p50":%.0f,"p99":%.0f,"errors":%d,"refused":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status))
end

-- For wrk, a load generator that we did not write: sends one message again and again, each
-- time under new ids. MESSAGE names the file, RUN keeps the ids of runs apart:
--   RUN=1 MESSAGE=try/bilag/bogfoert.xml wrk -t1 -c8 -d10s -s tests/load/bilag.lua URL
local file = assert(io.open(os.getenv("MESSAGE")))
local body = file:read("*a")
file:close()

-- The text between the places of the two ids, in order: text, kind, text, kind, text.
local parts, at = {}, 1
local function cut(pattern, kind)
  local _, before = body:find(pattern, at)
  parts[#parts + 1] = body:sub(at, before)
  parts[#parts + 1] = kind
  at = before + 37
end
cut("TransactionUUID>", "8000")
cut("BilagUUID>", "9000")
parts[#parts + 1] = body:sub(at)

local headers = { ["Content-Type"] = "text/xml; charset=utf-8" }
local run, threads = tonumber(os.getenv("RUN") or "1"), 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function request()
  sent = (sent or 0) + 1
  local id = string.format("%08x-0000-4000-", run * 256 + number)
  local tail = string.format("-%012x", sent)
  return wrk.format("POST", wrk.path, headers,
    parts[1] .. id .. parts[2] .. tail .. parts[3] .. id .. parts[4] .. tail .. parts[5])
end

function done(summary, latency)
  io.write(string.format("%.0f /s, p50 %.2f ms, p99 %.2f ms, %d answers that are no receipt\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, summary.errors.status))
end

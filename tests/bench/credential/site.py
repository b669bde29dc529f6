#!/usr/bin/env python3
"""A site under load, in one run: pages that nginx gives to everybody, to whom a trivial service admits, and to keeps that
merlon credential serve admits, each request with a token of its own.

    site.py MERLON [KEEPS]

KEEPS show 100 tokens each (30 if not given). Wants nginx and wrk.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/credential"))

from credentials import World  # noqa: E402
from site_test import Site, free_port  # noqa: E402

LUA = """
local tokens, next, last = {{}}, 0, 0
for line in io.lines("{tokens}") do tokens[#tokens + 1] = line end
local count = 0
function setup(thread) thread:set("part", count); count = count + 1 end
function init() last = #tokens; next = part + 1 end
function request()
  local token = tokens[next]
  if not token then error("not enough tokens: more keeps") end
  next = next + 2
  return wrk.format("GET", "{path}", {{["Merlon-Credential"] = token}})
end
"""


def load(site, path, seconds, script=None):
    words = ["wrk", "-t2", "-c16", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{site.port}{path}"]
    if script:
        words[1:1] = ["-s", script]
    said = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    slow = re.search(r"99%\s+(\S+)", said)[1]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    count = int(re.search(r"(\d+) requests in", said)[1])
    return rate, slow, int(wrong[1]) if wrong else 0, count


def processor_time(pid):
    """Seconds that a process has used; says more than a rate where others use the machine as well."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    merlon, keeps = Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory(prefix="merlon-bench-site-") as folder:
        world = World(folder, "sgx-sim", limit=100)
        try:
            tokens = [token for _ in range(keeps) for token in world.tokens(100)]
            (world.folder / "tokens").write_text("\n".join(tokens) + "\n")
            script = world.folder / "tokens.lua"
            script.write_text(LUA.format(tokens=world.folder / "tokens", path="/page"))
            site = Site(world, free_port(), merlon=merlon)
            try:
                print(f"for everybody           {load(site, '/open/page', 3)[0]:8.0f} requests/s")
                rate, slow, *_ = load(site, "/page", 3)
                print(f"refused without a token {rate:8.0f} requests/s   99 % within {slow}")
                before = processor_time(site.door.pid)
                rate, slow, wrong, count = load(site, "/page", 2, script)
                each = 1000 * (processor_time(site.door.pid) - before) / count
                print(f"with a token each       {rate:8.0f} requests/s   99 % within {slow}   {wrong} refused of {count}; "
                      f"{each:.2f} ms of a processor for each")
                if wrong or count > len(tokens):
                    return "there were not enough tokens: more KEEPS"
            finally:
                site.stop()
        finally:
            world.steward.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

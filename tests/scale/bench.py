#!/usr/bin/env python3
"""./dev bench scale: the whole fleet; see scenario.py."""

import sys

import apart

if reason := apart.why_not():
    sys.exit(f"bench: {reason}")
try:
    sys.exit(apart.run("scenario.py", *sys.argv[1:])[0])
except KeyboardInterrupt:
    sys.exit(130)

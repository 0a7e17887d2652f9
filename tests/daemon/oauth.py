#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OAuth 2.0 of policyd. oauth.py --build B --dir D [NAME...]; last line: N passed, N failed."""
import argparse
import os
import sys
import traceback

import oauth_guess
import oauth_keys
import oauth_tokens
import ops_world
from oauth_world import World

PARTS = oauth_tokens.PARTS + oauth_keys.PARTS + oauth_guess.PARTS


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--dir", required=True)
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    os.umask(0o022)
    counts = ops_world.Counts()
    w = World(args.build, args.dir, counts)
    for part in PARTS:
        if args.names and part.__name__ not in args.names:
            continue
        try:
            w.clean(part.__name__)
            part(w)
        except Exception:
            counts.check(part.__name__, False, traceback.format_exc())
            counts.check("the log", False, w.daemons[-1].said()[-2000:] if w.daemons else "")
    for d in w.daemons:
        d.end()
    print(f"{counts.passed} passed, {counts.failed} failed" + (f", {counts.skipped} skipped" if counts.skipped else ""))
    return counts.failed != 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The management API, over SQLite. The last line counts what held."""
import argparse
import os
import sys

import manage_calls
import manage_foreign
import manage_kill
from manage_world import World
from ops_world import Counts

PARTS = {
    "matrix": manage_calls.matrix,
    "own": manage_calls.own,
    "pages": manage_calls.pages,
    "alone": manage_calls.alone,
    "described": manage_calls.described,
    "canary": manage_kill.canary,
    "front": manage_kill.front,
    "keeper": manage_kill.keeper,
    "hangs": manage_kill.hangs,
    "schemathesis": manage_foreign.schemathesis,
}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", required=True)
    a.add_argument("--dir", required=True)
    a.add_argument("--cases", required=True, type=int, help="of schemathesis, for each operation")
    a.add_argument("--kills", required=True, type=int)
    a.add_argument("parts", nargs="*")
    a = a.parse_args()
    counts = Counts()
    world = World(a.build, a.dir, counts)
    world.cases, world.kills = a.cases, a.kills
    for name in a.parts or PARTS:
        world.clean(name)
        try:
            PARTS[name](world)
        except Exception as e:          # a part that ends early is a failure, the rest goes on
            counts.check(f"{name} came to its end", False, repr(e))
    world.clean("end")
    if os.path.exists(world.sock):
        os.unlink(world.sock)
    line = f"{counts.passed} passed, {counts.failed} failed"
    print(line + (f", {counts.skipped} skipped" if counts.skipped else ""))
    sys.exit(counts.failed != 0)


main()

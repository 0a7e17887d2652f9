# SPDX-License-Identifier: Apache-2.0
"""policyd in operation. The last line counts what held."""
import argparse
import os
import sys

import ops_kill
import ops_last
import ops_manage
from ops_world import Counts, World

PARTS = {
    "activation": ops_manage.activation,
    "notify": ops_manage.notify,
    "watchdog": ops_manage.watchdog,
    "reload": ops_manage.reload,
    "metrics": ops_manage.metrics,
    "user": ops_manage.user,
    "alone": ops_manage.alone,
    "drain": ops_kill.drain,
    "orphan": ops_kill.orphan,
    "kill": ops_kill.kill,
    "last": ops_last.last,
    "tampered": ops_last.tampered,
}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", required=True)
    a.add_argument("--dir", required=True)
    a.add_argument("--kills", nargs="+", required=True)
    a = a.parse_args()
    counts = Counts()
    world = World(a.build, a.dir, counts)
    world.kills = int(a.kills[0])
    for name in a.kills[1:] or PARTS:
        world.clean(name)
        try:
            PARTS[name](world)
        except Exception as e:          # a part that ends early is a failure, the rest goes on
            counts.check(f"{name} came to its end", False, repr(e))
    world.clean("end")
    if os.path.exists(world.sock):      # of a daemon that was killed, or had no keeper
        os.unlink(world.sock)
    line = f"{counts.passed} passed, {counts.failed} failed"
    print(line + (f", {counts.skipped} skipped" if counts.skipped else ""))
    sys.exit(counts.failed != 0)


main()

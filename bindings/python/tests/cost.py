# SPDX-License-Identifier: Apache-2.0
"""cost.py SET C_NS C_NS C_NS: what a call of the binding costs over the C call, and a request with and
without the middleware. Prints; judges nothing: the machine is shared."""
import asyncio
import statistics
import sys
import time

import libpolicy
from libpolicy.asgi import PolicyMiddleware

ROUNDS, CALLS = 9, 100_000


def measured(call, calls=CALLS):
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        call(calls)
        times.append((time.perf_counter_ns() - start) / calls)
    return min(times), statistics.median(times)


def main():
    policy = libpolicy.Policy.open(sys.argv[1])
    decide = policy.decide
    attributes = {"user_id": "alice"}

    def plain(n):
        for _ in range(n):
            decide("alice", "create_session")

    def four(n):
        for _ in range(n):
            decide("alice", "list_session", ("session", "s1"))

    def owned(n):
        for _ in range(n):
            decide("alice", "read_user_session", ("session", "s1"), resource_attributes=attributes)

    for name, call, c in (("decide(subject, action)", plain, sys.argv[2]), ("and a resource", four, sys.argv[3]),
                          ("and an attribute of it", owned, sys.argv[4])):
        c = float(c)
        least, median = measured(call)
        print(f"{name}: C {c:.0f} ns, Python {least:.0f} ns (median {median:.0f}), over C {least - c:.0f} ns")

    async def application(scope, receive, send):
        pass

    guarded = PolicyMiddleware(application, policy)
    scope = {"type": "http", "method": "GET", "path": "/ping", "raw_path": b"/ping", "query_string": b"",
             "headers": [(b"host", b"a"), (b"accept", b"*/*")]}

    def requests(app):
        async def run(n):
            for _ in range(n):
                await app(scope, None, None)
        return lambda n: asyncio.run(run(n))

    off, on = measured(requests(application), 20_000)[0], measured(requests(guarded), 20_000)[0]
    print(f"middleware: off {off:.0f} ns a request, on {on:.0f} ns: {on - off:.0f} ns more")


if __name__ == "__main__":
    main()

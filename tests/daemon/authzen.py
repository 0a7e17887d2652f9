#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AuthZEN 1.0 asked of policyd itself, over HTTP.

authzen.py --policyd FILE --policyctl FILE --modules DIR --tools DIR --shared DIR --tmp DIR
    [--only PART,...] [--seed N] [--sets N]
The last line reads `N passed, N failed[, N skipped]`.
"""
import argparse
import signal
import sys


import authzen_cerbos
import authzen_clients
import authzen_musts
import authzen_random
import authzen_vectors
import authzen_waits
from authzen_world import Count

PARTS = {'musts': authzen_musts, 'waits': authzen_waits, 'vectors': authzen_vectors,
         'random': authzen_random, 'clients': authzen_clients, 'cerbos': authzen_cerbos}


def main():
    p = argparse.ArgumentParser()
    for name in ('policyd', 'policyctl', 'modules', 'tools', 'shared', 'tmp'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--only', default=','.join(PARTS))
    p.add_argument('--seed', type=int, default=7)
    p.add_argument('--sets', type=int, default=4)
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    count = Count()
    for name in args.only.split(','):
        before = count.passed, count.failed
        PARTS[name].run(args, count)
        print(f'{name}: {count.passed - before[0]} passed, {count.failed - before[1]} wrong')
    return count.finish()


sys.exit(main())

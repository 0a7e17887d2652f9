#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ladder.py OUT [--sizes 10,1000,...]: N rules, each about one thing: role r_i may read x_i.

Users u_0 to u_(U-1), where u_j has the one role r_(j * N/U); U is the lesser of N and 1000, in `-cold` it is N.
roles   N roles with an entry each, and the users that have them
grants  one role, granted N times, to who would have r_i: a user, or n_i whom nobody asks about
The fixed 1000 are half allowed. The stream draws users and things evenly; that of `-cold`, where there is a pair for
each rule, is half allowed. The decisions of both forms, and of the peers' forms beside them, are the same.
"""
import os, subprocess, sys

from common import Folder, arguments, generator, request

SIZES = '10,1000,10000,100000,1000000'
USERS = 1000
SUBJECT, THING, ACTION = 'User', 'X', 'read'          # as the peers' forms have them
PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'peers', 'ladder.py')

HEAD = f'''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: {{ {THING}: }}
actions: {{ {ACTION}: {{ resource: {THING} }} }}
'''


def roles(n, users):
    yield 'roles:\n'
    for i in range(n): yield f'  r_{i}: {{ allow: {{ actions: {ACTION}, resources: {THING}/x_{i} }} }}\n'
    yield 'users:\n'
    for j in range(users): yield f'  "{SUBJECT}:u_{j}": {{ roles: r_{j * (n // users)} }}\n'


def grants(n, users):
    yield f'roles:\n  reader: {{ allow: {ACTION} }}\ngrants:\n'
    step = n // users
    for i in range(n):
        to = f'u_{i // step}' if i % step == 0 and i // step < users else f'n_{i}'
        yield f'  - {{ role: reader, to: "{SUBJECT}:{to}", resource: {THING}/x_{i} }}\n'


def draw(rng, n, users, count, half):
    """COUNT of (user, thing): drawn evenly, or every other one a pair that is allowed."""
    step = n // users
    for k in range(count):
        j = rng.randrange(users)
        yield j, j * step if half and k % 2 == 0 else rng.randrange(n)


def asked(pairs, n, users, expect):
    step = n // users
    for j, i in pairs:
        yield request((SUBJECT, f'u_{j}'), ACTION, (THING, f'x_{i}'), i == j * step if expect else None)


def fixed(rng, n, users):
    pairs = [(j, i) for j, i in draw(rng, n, users, 500, True) if i == j * (n // users)]
    while len(pairs) < 500: pairs.append((j := rng.randrange(users), j * (n // users)))
    while len(pairs) < 1000:
        j, i = next(draw(rng, n, users, 1, False))
        if i != j * (n // users): pairs.append((j, i))
    rng.shuffle(pairs)
    return pairs


def workload(args, form, n, cold):
    users = n if cold else min(n, USERS)
    name = f'ladder-{form}-{n}' + ('-cold' if cold else '')
    if not args.wants(name) or cold and n <= USERS: return
    folder = Folder(args.out, name, family='ladder', form=form, size=n, cold=cold, rules=n, users=users)
    with folder.file('policy.yaml') as f:
        f.write(HEAD)
        f.writelines({'roles': roles, 'grants': grants}[form](n, users))
    # One draw for both forms: what is measured beside each other is asked the same.
    rng = generator('ladder', n, users)
    folder.requests('requests.jsonl', asked(fixed(rng, n, users), n, users, True))
    folder.requests('stream.jsonl', asked(draw(rng, n, users, args.stream, cold), n, users, False))
    if args.peers and form == 'roles' and not cold and os.path.exists(PEERS):
        subprocess.run([sys.executable, PEERS, folder.path, str(n)], check=True, stdout=sys.stderr)
    folder.done()


def main():
    args = arguments(__doc__, ('--sizes', {'default': SIZES}),
                     ('--no-peers', {'dest': 'peers', 'action': 'store_false', 'help': 'our own form alone'}))
    for n in (int(s) for s in args.sizes.split(',') if s):
        for cold in (False, True):
            for form in ('roles', 'grants'): workload(args, form, n, cold)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power of the differential test: would it notice an engine that reads one rule of the language wrongly? Each mutant of mutants.py
is the reference with one text replaced; random sets and requests go through both until an answer differs.
  power.py [--reference DIR] [--sets N] [--requests N] [--seed N] [--jobs N]"""
import argparse
import multiprocessing
import os
import random
import sys
import time
import types

import ask
import gen
import mutants
import reference

ENOUGH = 58 / 60
BASE = None


def fast_yaml(mod):
    """the same parser in C where there is one: both sides read the same. It says style '' where the one in Python says None."""
    def plain(n):
        if n.id == 'scalar': n.style = n.style or None
        else:
            for x in n.value: [plain(y) for y in (x if isinstance(x, tuple) else (x,))]
        return n
    yaml = types.SimpleNamespace(**vars(mod.yaml))
    yaml.BaseLoader = getattr(yaml, 'CBaseLoader', yaml.BaseLoader)
    yaml.compose_all = lambda text, Loader: map(plain, mod_yaml.compose_all(text, Loader=Loader))
    mod_yaml = mod.yaml
    mod.yaml = yaml
    return mod


def answers(mod, files, fixtures, lines):
    """the answers of one set, one after the other"""
    p = mod.Policy(fixtures)
    try:
        for name, text in files: p.load(text, name)
        p.finish()
    except mod.LoadError:
        yield 'refused'
        return
    for x in lines: yield reference.answer(mod, p, x)


class Base:
    """sets, requests and the reference's answers, made when first wanted"""
    def __init__(b, args):
        b.args, b.text, b.made = args, reference.source(args.reference), []
        b.mod = fast_yaml(reference.compiled(b.text))

    def set(b, i):
        while len(b.made) <= i:
            rng = random.Random(f'{b.args.seed}/{len(b.made)}')
            files, info = gen.make_set(rng, 0)
            files = sorted((f for f in files if f[0].endswith('.yaml')), key=lambda f: os.fsencode(f[0]))
            lines = [ask.as_line(q).encode('utf-8', 'surrogateescape') for q in gen.make_requests(rng, info, b.args.requests)]
            b.made.append((files, info.fixtures, lines, list(answers(b.mod, files, info.fixtures, lines))))
        return b.made[i]


def start(args):
    global BASE
    BASE = Base(args)


def told_apart(k):
    """-> (the set that shows mutant k, or None; what was wrong with the mutant)"""
    name, old, new = mutants.ALL[k]
    n = BASE.text.count(old)
    if n != 1: return k, None, f'the text occurs {n} times'
    mod = fast_yaml(reference.compiled(BASE.text.replace(old, new), 'mutant'))
    for i in range(BASE.args.sets):
        files, fixtures, lines, want = BASE.set(i)
        try:
            for a, b in zip(answers(mod, files, fixtures, lines), want):
                if a != b: return k, i + 1, ''
        except Exception as e: return k, i + 1, f'raises {type(e).__name__}: {e}'
    return k, None, ''


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--reference', default=reference.DEFAULT)
    for name, n in (('sets', 1000), ('requests', 100), ('seed', 1), ('jobs', 2)): a.add_argument('--' + name, type=int, default=n)
    args = a.parse_args()
    if reference.source(args.reference) is None:
        print('power: reference not found, skipped\n0 passed, 0 failed, 1 skipped')
        return 0
    sample = Base(args)
    if sum(sample.set(i)[3] == ['refused'] for i in range(20)) > 2: sys.exit('power: the reference refuses the sets')
    t0, found = time.time(), {}
    with multiprocessing.Pool(args.jobs, start, (args,)) as pool:
        for k, at, why in pool.imap_unordered(told_apart, range(len(mutants.ALL))): found[k] = at, why
    for k, (name, _, _) in enumerate(mutants.ALL):
        at, why = found[k]
        print(f'{"told apart" if at else "not       "}  {name:56}{f"set {at}" if at else mutants.REASON.get(name, "")} {why}'.rstrip())
    n = sum(1 for at, _ in found.values() if at)
    print(f'{time.time() - t0:.0f} seconds')
    print(f'mutants {len(found)}, told apart {n}')
    return 0 if n >= ENOUGH * len(found) else 1


if __name__ == '__main__':
    sys.exit(main())

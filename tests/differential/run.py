#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random policy sets and requests: the engine's answers beside the reference's.
  run.py --engine 'policyctl decide --batch --fixtures -p {}' [--reference DIR] [--sets N] [--requests N] [--seed N] [--jobs N] [--keep DIR]
{} stands for the set's directory; `--fixtures` is left out where a set is to be decided without. --engine none: only the table."""
import argparse
import collections
import json
import multiprocessing
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import ask
import gen
import reference
from shrink import shrink

REFUSED = 65                    # policyctl's exit status for an invalid set
REASONS = ('rule', 'denied', 'condition_error', 'no_rule', 'unknown_action', 'unknown_resource', 'insufficient_scope', 'ceiling', 'no_credential', 'error')
WORDS = ('own', 'has', 'truth', 'not', 'and', 'or', 'name', '==', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'overlaps', 'covers', 'like', 'matches', 'within', 'before', 'after')
SECTIONS = ('description', 'resources', 'resources.owner', 'resources.parent', 'resources.attributes', 'actions', 'actions.resource', 'actions.when', 'actions.unless', 'actions.implies', 'actions.aliases',
            'conditions', 'roles', 'roles.includes', 'roles.allow', 'roles.deny', 'users', 'users.roles', 'users.groups', 'users.attributes', 'groups', 'groups.members', 'groups.roles',
            'grants', 'grants.resource', 'grants.from', 'grants.until', 'everyone', 'authenticated', 'scopes', 'credentials', 'credentials.ceiling', 'credentials.when', 'credentials.unless',
            'entities', 'entities.parent', 'entities.inherit', 'fixtures', 'fixtures.users', 'fixtures.groups', 'fixtures.grants', 'fixtures.entities', 'tests')
ENOUGH = 1000
SHOWN = 5                       # disagreements that one worker makes small and prints


def write(directory, files):
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    os.chmod(directory, 0o755)
    for name, text in files:
        path = os.path.join(directory, name)
        with open(path, 'wb') as fh: fh.write(text.encode('utf-8', 'surrogateescape'))
        os.chmod(path, 0o644)


def ask_engine(command, directory, lines, fixtures):
    """-> (refused?, answers, what went wrong)"""
    argv = [x.replace('{}', directory) for x in shlex.split(command) if fixtures or x != '--fixtures']
    try: done = subprocess.run(argv, input=b''.join(x + b'\n' for x in lines), capture_output=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as e: return False, [], f'engine: {e}'
    if done.returncode == REFUSED: return True, [], done.stderr.decode('utf-8', 'replace').strip()
    out = done.stdout.splitlines()
    if done.returncode not in (0, 1) or len(out) != len(lines):
        return False, [], f'engine: exit {done.returncode}, {len(out)} answers to {len(lines)} lines: {done.stderr[-500:].decode("utf-8", "replace")}'
    return False, [engine_answer(x) for x in out], ''


def engine_answer(line):
    try:
        a = json.loads(line)
        return a['decision'], a['context']['reason'], a['context'].get('rule') or ''
    except (ValueError, KeyError, TypeError, AttributeError): return f'not understood: {line[:200]!r}', '', ''


class Worker:
    def __init__(w, args):
        w.args, w.mod, w.shown = args, reference.compiled(reference.source(args.reference)), 0
        w.evals = reference.counting(w.mod)
        w.dir = os.path.join(tempfile.mkdtemp(prefix='pd'), 's')

    def both(w, files, lines, fixtures):
        """-> ((refusal, answers) of the reference, (refusal, answers) of the engine, what differs)"""
        write(w.dir, files)
        ref = reference.answers(w.mod, w.dir, lines, fixtures)
        if w.args.engine == 'none': return ref, (ref[0] is not None, ref[1], ''), []
        eng = ask_engine(w.args.engine, w.dir, lines, fixtures)
        if (ref[0] is not None) != eng[0] or eng[2].startswith('engine:'): return ref, eng, ['set']
        return ref, eng, [i for i, (a, b) in enumerate(zip(ref[1], eng[1])) if tuple(a) != tuple(b)]

    def one(w, i):
        """one set: -> the counts, and a text for a disagreement"""
        rng = random.Random(f'{w.args.seed}/{i}')
        files, info = gen.make_set(rng)
        lines = [ask.as_line(q).encode('utf-8', 'surrogateescape') for q in gen.make_requests(rng, info, w.args.requests)]
        w.evals.clear()
        ref, eng, wrong = w.both(files, lines, info.fixtures)
        evals = dict(w.evals)
        reasons = collections.Counter(a[1] for a in ref[1])
        text = w.explain(i, files, info, lines, wrong) if wrong and w.shown < SHOWN else ''
        return {'reasons': reasons, 'evals': evals, 'features': {f: len(ref[1]) for f in info.features}, 'refused': ref[0] is not None, 'decisions': len(ref[1]),
                'fault': info.fault, 'wrong': len(wrong), 'text': text}

    def explain(w, i, files, info, lines, wrong):
        w.shown += 1
        if wrong[0] != 'set': lines = [lines[k] for k in wrong[:20]]
        differs = lambda fs, ls: bool(w.both(fs, ls, info.fixtures)[2])
        alone = [] if differs(files, []) else lines
        files, lines = shrink(files, info.docs, alone, differs)
        ref, eng, _ = w.both(files, lines, info.fixtures)
        if w.args.keep:
            keep = os.path.join(w.args.keep, f'set-{w.args.seed}-{i}')
            os.makedirs(w.args.keep, exist_ok=True)
            write(keep, files)
            with open(os.path.join(keep, 'requests.jsonl'), 'wb') as fh: fh.write(b''.join(x + b'\n' for x in lines))
        out = [f'--- set {i}, seed {w.args.seed}' + (f', fault {info.fault}' if info.fault else '') + ('' if info.fixtures else ', without fixtures')]
        for f, t in files: out += [f'# {f}', t.rstrip('\n')]
        if ref[0] is not None or eng[0] or eng[2]: out += [f'reference: {"refused: " + ref[0] if ref[0] is not None else "loads"}', f'engine:    {"refused: " if eng[0] else ""}{eng[2] or "loads"}']
        for x, a, b in zip(lines, ref[1], eng[1]):
            if tuple(a) != tuple(b): out += [x.decode('utf-8', 'replace'), f'reference: {a}', f'engine:    {b}']
        return '\n'.join(out).replace(w.dir, 'SET')


WORKER = None


def start(args):
    global WORKER
    WORKER = Worker(args)


def work(i): return WORKER.one(i)


def table(total):
    """what was tried how often; a star where it was less than enough"""
    rare = []

    def cell(name, n):
        if n < ENOUGH: rare.append(f'{name} ({n})')
        return f'{n}{"*" if n < ENOUGH else ""}'
    print(f'{"evaluated":12}{"true":>12}{"false":>12}{"unknown":>12}')
    for k in WORDS:
        print(f'{k:12}' + ''.join(f'{cell(f"{k} {v}", total["evals"][k, v]) if (k, v) != ("has", "unknown") else "-":>12}' for v in (True, False, 'unknown')))
    print('decisions of sets with')
    for k in SECTIONS: print(f'  {k:24}{cell(k, total["features"][k]):>12}')
    print('reasons')
    for k in REASONS: print(f'  {k:24}{cell(k, total["reasons"][k]):>12}{100 * total["reasons"][k] / max(1, total["decisions"]):8.2f} %')
    print('refused, by fault: ' + ', '.join(f'{k} {n}' for k, n in sorted(total['faults'].items())))
    print(f'fewer than {ENOUGH} times: {", ".join(rare) or "nothing"}')


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--engine', default='policyctl decide --batch --fixtures -p {}')
    a.add_argument('--reference', default=reference.DEFAULT)
    for name, n in (('sets', 5000), ('requests', 200), ('seed', 1), ('jobs', 2)): a.add_argument('--' + name, type=int, default=n)
    a.add_argument('--keep')
    args = a.parse_args()
    if reference.source(args.reference) is None:
        print('differential: reference not found, skipped\n0 passed, 0 failed, 1 skipped')
        return 0
    total, t0, bad_sets = collections.defaultdict(collections.Counter), time.time(), 0
    total.update(refused=0, decisions=0, wrong=0)
    with multiprocessing.Pool(args.jobs, start, (args,)) as pool:
        for r in pool.imap_unordered(work, range(args.sets), chunksize=8):
            for k in ('reasons', 'evals', 'features'): total[k].update(r[k])
            for k in ('refused', 'decisions', 'wrong'): total[k] += r[k]
            if r['refused']: total['faults'][r['fault'] or 'none'] += 1
            bad_sets += r['wrong'] > 0
            if r['text']: print(r['text'], flush=True)
    table(total)
    print(f'{time.time() - t0:.0f} seconds')
    print(f'sets {args.sets}, refused {total["refused"]}, decisions {total["decisions"]}, disagreements {total["wrong"]}')
    print(f'{args.sets - bad_sets} passed, {bad_sets} failed')
    return 1 if total['wrong'] else 0


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The reference interpreter as a module of its own, counting what it evaluates. Its source stays where it is."""
import collections
import os
import types

DEFAULT = os.path.join(os.path.dirname(os.path.abspath(__file__)), *('..',) * 3, 'shared', 'reference')
ASKED = ('subject', 'action', 'resource', 'context', 'token', 'now', 'actor', 'groups')


def source(where):
    """the text of policyref.py, or None when there is none"""
    path = os.path.join(where, 'policyref.py')
    if not os.path.isfile(path): return None
    with open(path, encoding='utf-8') as fh: return fh.read()


def compiled(text, name='policyref'):
    mod = types.ModuleType(name)
    exec(compile(text, name, 'exec'), mod.__dict__)
    return mod


def counting(mod):
    """from now on every evaluation is counted in the result: {(operator or word, True | False | 'unknown'): times}"""
    counts = collections.Counter()

    class Counting(mod.Policy):
        def ev(p, n, q):
            v = mod.Policy.__mro__[1].ev(p, n, q)
            k = n[0]
            counts[n[1] if k == 'cmp' else 'own' if k == 'name' and n[1] == 'own' else k, v] += 1
            return v
    mod.Policy = Counting
    return counts


def answer(mod, p, line):
    """-> (allowed, reason, rule) to one line of a batch"""
    try:
        q = mod.request(line)
        return p.decide(*(q.get(k) for k in ASKED))
    except mod.RequestError:
        return False, 'error', ''


def answers(mod, directory, lines, fixtures):
    """-> (the refusal or None, one answer a line)"""
    try: p = mod.load_set([directory], fixtures)
    except mod.LoadError as e: return str(e), []
    return None, [answer(mod, p, x) for x in lines]

# SPDX-License-Identifier: Apache-2.0
"""Makes a disagreement smaller: leaves out what can be left out while differs(files, lines) stays true. Crude and bounded."""
import copy
import json

from yamlout import emit


def slots(x, depth):
    """(container, key) of everything inside, the outermost first"""
    todo, out = [(x, depth)], []
    while todo:
        v, d = todo.pop(0)
        for k in list(v) if isinstance(v, dict) else range(len(v)) if isinstance(v, list) else ():
            out.append((v, k))
            if d > 1: todo.append((v[k], d - 1))
    return out


def drop(x, keeps, budget):
    """the great things first, again and again while that helps; x is changed in place"""
    for depth in (2, 3, 4, 5, 8):
        while budget[0] > 0 and one_pass(x, keeps, budget, depth): pass


def one_pass(x, keeps, budget, depth):
    """deletes one thing after another; -> whether one could go"""
    i, gone = 0, False
    while budget[0] > 0:
        found = slots(x, depth)
        if i >= len(found): return gone
        at, k = found[i]
        if k == 'policy':
            i += 1
            continue
        kept = dict(at) if isinstance(at, dict) else list(at)
        del at[k]
        budget[0] -= 1
        if keeps():                     # the next one stands at i now
            gone = True
            continue
        at.clear()
        at.update(kept) if isinstance(at, dict) else at.extend(kept)
        i += 1
    return False


def shrink(files, docs, lines, differs, tries=700):
    budget = [tries]
    if lines:
        one = next(([x] for x in lines if differs(files, [x])), None)
        if one: lines = one
    docs = copy.deepcopy(dict(docs))
    plain = lambda: [(f, emit(d)) for f, d in docs.items()]
    if differs(plain(), lines):
        drop(docs, lambda: differs(plain(), lines), budget)
        files = plain()
    else:
        rows = [(f, t.split('\n')) for f, t in files]
        text = lambda: [(f, '\n'.join(ls)) for f, ls in rows]
        drop([ls for _, ls in rows], lambda: differs(text(), lines), budget)
        files = text()
    if len(lines) == 1:
        try: q = json.loads(lines[0])
        except ValueError: return files, lines
        line = lambda: json.dumps(q, ensure_ascii=False).encode()
        if isinstance(q, dict) and differs(files, [line()]):
            budget[0] += 60
            drop(q, lambda: differs(files, [line()]), budget)
            lines = [line()]
    return files, lines

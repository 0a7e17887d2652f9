#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was measured, written down: results.json, doc/BENCHMARKS.md and the plots.

    report.py RAW.json OUT      writes them again from the raw.json that run.py left in the build folder

A result compares us with one configuration of one peer on one set of requests; `peer` is null where only we ran,
and `config` then is the mode. Times are nanoseconds a decision.
"""
import json, os, sys

import plots, targets

FLAT = ('min_ns', 'median_ns', 'p50_ns', 'p99_ns', 'load_ms', 'rss_kb', 'peak_kb', 'version', 'percentiles', 'spread',
        'repeats', 'rounds', 'timer', 'wrong', 'requests')
FAMILIES = (('apps', 'The three apps of the Cedar paper'), ('ladder', 'The ladder: cost against the number of rules'),
            ('casbin', "Casbin's own benchmarks"), ('attributes', "The caller's attributes"),
            ('shipped', 'The policies that are shipped'), ('credentials', 'Credentials'), ('accounts', 'Accounts'),
            ('served', 'Over HTTP'))


def ratio(theirs, ours):
    return theirs / ours if theirs and ours else None


def row(facts, name, mine, theirs, key, agree, mode='one'):
    """One result. KEY is the peer's folder; what follows the peer's name in it becomes part of the configuration."""
    out = {'workload': facts['name'], 'family': facts['family'], 'set': name, 'peer': None, 'config': mode,
           'size': facts.get('size'), 'requests': mine['requests'], 'agree': agree}
    if theirs:
        form = key.partition('-')[2]
        out.update(peer=theirs['peer'], config=f'{form} {theirs["config"]}'.strip(), requests=theirs['requests'])
    for side, values in (('ours', mine), ('peer', theirs or {})):
        out.update((f'{side}_{k}', values.get(k)) for k in FLAT if k != 'requests')
        out.update((f'{side}_{k}', v) for k, v in values.get('more', {}).items())
    out['ratio_median'] = ratio(out['peer_median_ns'], out['ours_median_ns'])
    out['ratio_p99'] = ratio(out['peer_p99_ns'], out['ours_p99_ns'])
    out['ratio_min'] = ratio(out['peer_min_ns'], out['ours_min_ns'])
    return out


def three(x):
    return f'{x:.0f}' if x >= 100 else f'{x:.1f}' if x >= 10 else f'{x:.2f}'


def span(ns):
    """Nanoseconds for people."""
    if ns is None: return '-'
    for unit, size in (('s', 1e9), ('ms', 1e6), ('µs', 1e3)):
        if ns >= size: return f'{three(ns / size)} {unit}'
    return f'{three(ns)} ns'


def times(x):
    return '-' if x is None else f'{x:,.0f} ×' if x >= 10 else f'{x:.2f} ×'


def percent(x):
    return '-' if x is None else f'{100 * x:.4g} %'


def trio(r, side):
    return ' / '.join(span(r[f'{side}_{k}_ns']) for k in ('min', 'median', 'p99'))


def pairs(results):
    """Of what stands on one line: (the judged row, the fixed one beside it)."""
    by = {}
    for r in results: by.setdefault((r['workload'], r['peer'], r['config']), {})[r['set']] = r
    return [(s.get('stream') or s['fixed'], s.get('fixed')) for s in by.values()]


HEAD = ('workload', 'peer', 'ours min / median / p99', 'theirs', 'median', 'p99', 'fixed: ours, theirs, ratio', 'agree',
        'load ms', 'MB')


def cells(r, fixed):
    """The columns of HEAD."""
    def two(key, f): return f'{f(r["ours_" + key])}, {f(r["peer_" + key])}'
    def ms(x): return '-' if x is None else three(x)
    def mb(kb): return '-' if kb is None else three(kb / 1024)
    beside = f'{span(fixed["ours_median_ns"])}, {span(fixed["peer_median_ns"])}, {times(fixed["ratio_median"])}' if fixed else '-'
    agrees = [x['agree'] for x in (r, fixed) if x and x['agree'] is not None]
    peer = f'{r["peer"]} {r["config"]}' if r['peer'] else '-' if r['config'] == 'one' else f'({r["config"]})'
    return [r['workload'], peer + ('' if r['set'] == 'stream' else ' [fixed]'), trio(r, 'ours'),
            trio(r, 'peer') if r['peer'] else '-', times(r['ratio_median']), times(r['ratio_p99']), beside,
            percent(min(agrees)) if agrees else '-', two('load_ms', ms), two('rss_kb', mb)]


def table(results):
    """The one table, for a terminal."""
    lines = [list(HEAD)] + [cells(*p) for p in pairs(results)]
    widths = [max(len(l[i]) for l in lines) for i in range(len(HEAD))]
    return '\n'.join('  '.join(c.ljust(w) for c, w in zip(l, widths)).rstrip() for l in lines)


def markdown(head, lines):
    out = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(out + ['| ' + ' | '.join(str(c).replace('|', '\\|') for c in l) + ' |' for l in lines])


CREDENTIAL_HEAD = ('workload', 'peer', 'ours min / median', 'theirs', 'theirs, times ours', 'ours, times theirs', 'agree')
CREDENTIALS = """Ours is policy_authenticate(), nothing cached: the module's whole check, every claim, and all that the library makes
of its answer. `openssl verify` is the signature of the same bytes alone, the key parsed and every context kept; libjwt
and PyJWT check the claims that ours requires. A credential that was verified a moment ago is a decision by it, beside
the same decision with the token's facts asserted."""


def credential_cells(r, _):
    """The columns of CREDENTIAL_HEAD."""
    def pair(side): return ' / '.join(span(r[f'{side}_{k}_ns']) for k in ('min', 'median'))
    peer, theirs, inverse = '-', '-', '-'
    if r['peer']: peer, theirs, inverse = f'{r["peer"]} {r["config"]}', pair('peer'), times(1 / r['ratio_median'])
    elif r['config'] == 'cached':
        peer = f'the facts asserted: adds {span(r["ours_adds_ns"])}'
        theirs = ' / '.join(span(r[f'ours_with_token_{k}_ns']) for k in ('min', 'median'))
    return [r['workload'], peer, pair('ours'), theirs, times(r['ratio_median']), inverse, percent(r['agree'])]


def compared(results):
    rows = [r for r in results if r['agree'] is not None]
    return len(rows), sum(r['agree'] == 1 for r in rows)


def summary(facts, results):
    n, same = compared(results)
    wrong = sum(r['ours_wrong'] or 0 for r in results)
    found = targets.judge(results)
    return (f'{n} comparisons, {same} with every decision the same; {wrong} decisions of ours not as expected; '
            f'targets: {sum(t["met"] is True for t in found)} met, {sum(t["met"] is False for t in found)} not met, '
            f'{sum(t["met"] is None for t in found)} not measured; {facts["minutes"]:.0f} minutes')


def target_lines(results):
    return [[t['what'], t['wanted'], t['seen'], {True: 'met', False: 'not met', None: 'not measured'}[t['met']] +
             (f': {t["by"]}' if t['by'] else '')] for t in targets.judge(results)]


def versions(results):
    """Which engine in which version ran."""
    out = {}
    for r in results:
        out['libpolicy'] = r['ours_version']
        if r['peer']: out[r['peer'].removesuffix('-cached')] = r['peer_version']
    return ', '.join(f'{k} {v}' for k, v in out.items())


def section(mine):
    out = []
    beside = [p for p in pairs(mine) if p[0]['peer'] or p[0]['config'] == 'one']
    if beside: out += [markdown(HEAD, (cells(*p) for p in beside)), '']
    modes = [p for p in pairs(mine) if not p[0]['peer'] and p[0]['config'] != 'one']
    if modes: out += ['Ours in other ways:', '', markdown(
        ('workload', 'how', 'min / median / p99', 'fixed: median', 'more'), (mode_cells(*p) for p in modes)), '']
    return out


def credentials(mine):
    return [CREDENTIALS, '', markdown(CREDENTIAL_HEAD, (credential_cells(*p) for p in pairs(mine))), ''] if mine else []


ACCOUNTS = """A store_sqlite with so many users, ten tokens and ten grants each, opened from nothing: of the clock, of
processors (in brackets), and what the process grew by. Decisions by people of it, one by one and in batches of 16,
beside the same people out of a text and a hundredth of them out of a store; every request is about another grant than
the last ones, so that a large set is asked out of memory and a small one out of the processor's cache. The subject's
look-up and the thing's wait at once, each twice, one after the other: for a slot, and for the record that it leads to.
A decision by an opaque token that is in the store, beside one for who is asserted; "any" are users drawn evenly, the
others are 64."""
PEOPLE = (('a hundredth of them, in a store', 'small'), ('in a text', 'text'), ('in a store', 'store'),
          ('batches: a hundredth', 'many_small'), ('batches: a text', 'many_text'), ('batches: a store', 'many_store'))
TOKEN = (('asserted', 'asserted'), ("asserted, with the token's facts", 'with_token'), ('token, cached', ''),
         ('token, not cached', 'uncached'), ('any: asserted', 'any_asserted'), ('any: token, not cached', 'any_uncached'))


def account_cells(r):
    """Lines of workload, what, minimum / median."""
    if r['config'] == 'open':
        return [[r['workload'], f'opened: {r["requests"]:,.0f} rows',
                 f'{span(r["ours_load_ms"] * 1e6)} ({span(r["ours_load_cpu_ms"] * 1e6)}), {three(r["ours_rss_kb"] / 1024)} MB, '
                 f'{three(r["ours_peak_kb"] / 1024)} MB at most, {three(r["ours_row_bytes"])} bytes a row']]
    def both(key): return ' / '.join(span(r['_'.join(x for x in ('ours', key, f'{k}_ns') if x)]) for k in ('min', 'median'))
    return [[r['workload'], what, both(key)] for what, key in (PEOPLE if r['config'] == 'decide' else TOKEN)]


def accounts(mine):
    lines = [c for r in mine for c in account_cells(r)]
    return [ACCOUNTS, '', markdown(('workload', 'what', 'min / median'), lines), ''] if mine else []


SERVED = """policyd beside Cerbos: the same AuthZEN requests over loopback TCP, by wrk. Each server has one processor to itself, wrk
the other, and they take turns. policyd judges its caller's bearer token besides, which Cerbos does not ask for. A batch is
fifty decisions. Resident: both processes of policyd, what they share with others and each other counted in full."""
SERVED_HEAD = ('workload', 'server', 'requests a second, median (min)', 'times', 'p50 ms', 'p99 ms', 'processor a request', 'resident')


def served_cells(r):
    """A line for each server."""
    def one(side, name, times_):
        return [r['workload'], name, f'{r[f"{side}_median_per_second"]:,.0f} ({r[f"{side}_min_per_second"]:,.0f})', times_,
                f'{r[f"{side}_median_p50_ms"]:.3f}', f'{r[f"{side}_median_p99_ms"]:.3f}', span(r[f'{side}_median_cpu_us'] * 1e3),
                f'{r[f"{side}_rss_kb"] / 1024:.1f} MB']
    return [one('ours', 'policyd', times(r['ratio_per_second'])), one('peer', 'Cerbos', '')]


def served(mine):
    lines = [c for r in mine for c in served_cells(r)]
    return [SERVED, '', markdown(SERVED_HEAD, lines), ''] if mine else []


def apart(facts, family):
    """A family that was measured in another run than the rest says so."""
    f = facts.get('apart', {}).get(family)
    if f is None: return []
    m = f['machine']
    return [f'Measured in a run of its own ({m["processor"]}, {m["processors"]} processors, Linux {m["kernel"]}; '
            f'{f["rounds"]} rounds; load {f["load_before"]:.1f} before, {f["load_after"]:.1f} after).', '']


def document(facts, results, drawn):
    m, n = facts['machine'], compared(results)
    timers = sorted({r[k].split(',')[0] for r in results for k in ('ours_timer', 'peer_timer') if r[k]})
    out = ['# Measured', '', 'Written by `make bench` (`tests/bench/run.py`); not edited by hand. The numbers as data: '
           '`tests/bench/results.json`.', '',
           f'- Engines: {versions(results)}, in one run, on the same requests, each on one and the same processor, in turn '
           f'({facts["rounds"]} rounds; minimum of the minima, median of the medians).',
           f'- Machine: {m["processor"]}, {m["processors"]} processors, {m["memory_gib"]} GiB, {m["system"]}, Linux {m["kernel"]}, '
           f'{m["compiler"]}; load {facts["load_before"]:.1f} before, {facts["load_after"]:.1f} after: others were at work '
           'where that is not 0, and p99 has their share.',
           '- Ours is asked as a host asks: five texts in, a whole decision out, no cache of decisions. Minimum and '
           f'median are of whole passes back to back, p99 is of single calls ({", ".join(timers)}, the cost of the clock off).',
           '- Judged is the *stream*: 65,536 requests drawn from a seed. Beside it the *fixed* 1000, which a processor '
           'learns by heart.',
           f'- Decisions: {n[0]} comparisons of ours with a peer\'s, {n[1]} of them with every decision the same; the fixed '
           f'ones also against what is expected: {sum(r["ours_wrong"] or 0 for r in results)} wrong.', '',
           '## Targets', '', markdown(('target', 'wanted', 'seen', 'verdict'), target_lines(results)), '']
    for file, what in drawn: out += [f'![{what}]({file})', '']
    for family, title in FAMILIES:
        mine = [r for r in results if r['family'] == family]
        body = {'credentials': credentials, 'accounts': accounts, 'served': served}.get(family, section)(mine)
        if body: out += [f'## {title}', ''] + apart(facts, family) + body
    if facts['notes']: out += ['## Notes', ''] + [f'- {n}' for n in facts['notes']] + ['']
    return '\n'.join(out)


EXTRA = ('ratio', 'per_second_1', 'per_second_2', 'reload_ms', 'reloads', 'quiet_p99_ns')


def mode_cells(r, fixed):
    more = [f'{k} {three(r["ours_" + k])}' for k in EXTRA if r.get('ours_' + k) is not None]
    return [r['workload'], r['config'], trio(r, 'ours'), span(fixed['ours_median_ns']) if fixed else '-', ', '.join(more)]


def rounded(v):
    if isinstance(v, float): return float(f'{v:.5g}')
    if isinstance(v, list): return [rounded(x) for x in v]
    return v


class Row(dict):
    """A result as it was written: what is not there is None."""
    def __missing__(self, key): return None


def merge(top, facts, results):
    """What TOP has, with RESULTS in place of those of the same workloads; facts of a family that is new are its own."""
    with open(os.path.join(top, 'tests/bench/facts.json'), encoding='utf-8') as f: kept = json.load(f)
    with open(os.path.join(top, 'tests/bench/results.json'), encoding='utf-8') as f: old = json.load(f, object_hook=Row)
    new, order = {r['workload'] for r in results}, [family for family, _ in FAMILIES]
    every = [r for r in old if r['workload'] not in new] + results
    own = {k: v for k, v in facts.items() if k != 'notes'}
    kept['apart'] = {**kept.get('apart', {}), **{r['family']: own for r in results}}
    kept['notes'] = list(dict.fromkeys(kept['notes'] + facts['notes']))
    return kept, sorted(every, key=lambda r: order.index(r['family']))


def write(top, facts, results):
    """Into TOP, shaped as the tree is: doc/ and tests/bench/."""
    for d in ('doc', 'tests/bench'): os.makedirs(os.path.join(top, d), exist_ok=True)
    with open(os.path.join(top, 'tests/bench/results.json'), 'w', encoding='utf-8') as f:
        f.write('[\n' + ',\n'.join(json.dumps({k: rounded(v) for k, v in r.items() if v is not None or k == 'peer'})
                                   for r in results) + '\n]\n')
    with open(os.path.join(top, 'tests/bench/facts.json'), 'w', encoding='utf-8') as f:
        f.write(json.dumps(facts, indent=1, default=str) + '\n')
    drawn = plots.draw(os.path.join(top, 'doc'), results)
    with open(os.path.join(top, 'doc/BENCHMARKS.md'), 'w', encoding='utf-8') as f: f.write(document(facts, results, drawn))


if __name__ == '__main__':
    with open(sys.argv[1], encoding='utf-8') as raw: kept = json.load(raw)
    write(sys.argv[2], kept['facts'], kept['results'])

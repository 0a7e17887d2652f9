# SPDX-License-Identifier: Apache-2.0
"""What the engine is to reach, as rows, and whether a run's results reach it. Judged on the stream, where there is one, by the clock.

Where our driver also says what the same took undisturbed (blocks of a pass, time on the
processor), and for ratios that of the minima, that stands beside:
it judges nothing, and tells a miss of ours from one of a machine that others share.
"""
import re

MILLION = r'^ladder-(roles|grants)-1000000$'
COLD = r'^ladder-(roles|grants)-1000000-cold$'
PLAIN = r'^((own-)?(github|gdrive|tinytodo)-|attributes-none)'


def app(name):
    return rf'^(own-)?{name}-'


def field(key, scale=1.0):
    return lambda r, of=lambda k: k: None if r.get(of(key)) is None else r[of(key)] * scale


def a_rule(key):
    """Bytes a rule of what stands in KiB under KEY."""
    return lambda r, of=None: r[key] * 1024 / r['ours_rules'] if r.get(key) is not None and r.get('ours_rules') else None


def inverse(key):
    """How many times the peer's ours is."""
    return lambda r, of=lambda k: k: 1 / r[of(key)] if r.get(of(key)) else None


# what, workloads, peer and configuration (or mode of ours), the value, at least or at most, how much, unit, set
AT_LEAST, AT_MOST = '>=', '<='
CEDAR, ONE = ('cedar', r'strings$'), (None, r'^one$')
WRK = ('cerbos', '^wrk')
ROWS = (
    ('github: median, times native Cedar', app('github'), CEDAR, field('ratio_median'), AT_LEAST, 100, '×', 'stream'),
    ('tinytodo: median, times native Cedar', app('tinytodo'), CEDAR, field('ratio_median'), AT_LEAST, 100, '×', 'stream'),
    ('gdrive: median, times native Cedar', app('gdrive'), CEDAR, field('ratio_median'), AT_LEAST, 75, '×', 'stream'),
    ('github: p99, times native Cedar', app('github'), CEDAR, field('ratio_p99'), AT_LEAST, 50, '×', 'stream'),
    ('tinytodo: p99, times native Cedar', app('tinytodo'), CEDAR, field('ratio_p99'), AT_LEAST, 50, '×', 'stream'),
    ('gdrive: p99, times native Cedar', app('gdrive'), CEDAR, field('ratio_p99'), AT_LEAST, 50, '×', 'stream'),
    ("median without caller's attributes", PLAIN, ONE, field('ours_median_ns'), AT_MOST, 60, 'ns', 'stream'),
    ("p99 without caller's attributes", PLAIN, ONE, field('ours_p99_ns'), AT_MOST, 150, 'ns', 'stream'),
    ('median with eight attributes and a condition of three tests', r'^attributes-eight', ONE, field('ours_median_ns'),
     AT_MOST, 120, 'ns', 'stream'),
    ("Casbin's benchmarks: Enforce, times Go Casbin", r'^casbin-', ('casbin', ''), field('ratio_median'), AT_LEAST, 50, '×',
     'stream'),
    ("Casbin's benchmarks: cached, times Go Casbin", r'^casbin-', ('casbin-cached', ''), field('ratio_median'), AT_LEAST, 3,
     '×', 'fixed'),
    ('1M rules: random thing, median', MILLION, ONE, field('ours_median_ns'), AT_MOST, 150, 'ns', 'stream'),
    ('1M rules: subject and thing cold, median', COLD, ONE, field('ours_median_ns'), AT_MOST, 250, 'ns', 'stream'),
    ('1M rules: all cold, alone', COLD, (None, r'^alone$'), field('ours_median_ns'), AT_MOST, 400, 'ns', 'stream'),
    ('1M rules: in batches of 16', MILLION + '|' + COLD, (None, r'^many16$'), field('ours_median_ns'), AT_MOST, 80, 'ns',
     'stream'),
    ('1M rules: load', MILLION, ONE, field('ours_load_ms', 1e-3), AT_MOST, 1.2, 's', 'stream'),
    ('1M rules: resident bytes a rule', MILLION, ONE, a_rule('ours_rss_kb'), AT_MOST, 150, 'bytes', 'stream'),
    ('1M rules: peak bytes a rule while loading', MILLION, ONE, a_rule('ours_peak_kb'), AT_MOST, 250, 'bytes', 'stream'),
    ('1M rules: p99 while reloading, times quiet', MILLION, (None, r'^reload$'), field('ours_ratio'), AT_MOST, 2, '×',
     'stream'),
    ('1M grants: one changed', r'^ladder-grants-1000000$', (None, r'^change$'), field('ours_median_ns', 1e-6), AT_MOST, 1,
     'ms', ''),
    ('two threads, times one', r'-50$', (None, r'^threads2$'), field('ours_ratio'), AT_LEAST, 1.9, '×', 'stream'),
    ('two threads, batches at 1M, times one', r'-1000000', (None, r'^threads2-many16$'), field('ours_ratio'), AT_LEAST, 1.7,
     '×', 'stream'),
    ('enabled: false, median', r'', (None, r'^off$'), field('ours_median_ns'), AT_MOST, 5, 'ns', 'stream'),
    ("RS256, ES256, EdDSA token, times OpenSSL's bare verify", r'^credentials-jwt-(RS|ES|Ed)', ('openssl', r'^verify$'),
     inverse('ratio_median'), AT_MOST, 1.2, '×', 'fixed'),
    ('HS256 token, all claims checked', r'^credentials-jwt-HS', ('openssl', r'^verify$'), field('ours_median_ns', 1e-3),
     AT_MOST, 3, 'µs', 'fixed'),
    ('a credential that is known: adds to a decision', r'^credentials-cached-', (None, r'^cached$'), field('ours_adds_ns'),
     AT_MOST, 300, 'ns', 'fixed'),
    ('an opaque token of the store that is known: adds to a decision', r'^accounts-token-', (None, r'^token$'),
     field('ours_adds_ns'), AT_MOST, 300, 'ns', 'fixed'),
    ('an opaque token of the store, not cached: adds to a decision', r'^accounts-token-', (None, r'^token$'),
     field('ours_uncached_adds_ns', 1e-3), AT_MOST, 2, 'µs', 'fixed'),
    ('100,000 users, 1M tokens, 1M grants in a store: opened', r'^accounts-people-100000$', (None, r'^open$'),
     field('ours_load_ms', 1e-3), AT_MOST, 8, 's', 'fixed'),
    ('the same: decided, times the same people in a text', r'^accounts-people-100000$', (None, r'^decide$'),
     field('ours_text_ratio'), AT_MOST, 1.5, '×', 'fixed'),
    ('the same: decided, times a hundredth of it', r'^accounts-people-100000$', (None, r'^decide$'),
     field('ours_small_ratio'), AT_MOST, 1.5, '×', 'fixed'),
    ('policyd: requests a second, times Cerbos', r'^served-one$', WRK, field('ratio_per_second'), AT_LEAST, 8, '×', 'fixed'),
    ('policyd: p99, times the p50 of Cerbos', r'^served-one$', WRK, field('ours_p99_to_theirs'), AT_MOST, 1, '×', 'fixed'),
    ('policyd: decisions a second in batches of 50', r'^served-batch$', WRK, field('ours_decisions_per_second', 1e-3), AT_LEAST, 500,
     'thousand', 'fixed'),
    ('policyd: resident', r'^served-', WRK, field('ours_rss_kb', 1 / 1024), AT_MOST, 20, 'MB', 'fixed'),
)


# What is measured, and the same undisturbed, where the driver says it.
UNDISTURBED = {'ours_median_ns': 'ours_block_median_ns', 'ours_load_ms': 'ours_load_cpu_ms', 'ours_ratio': 'ours_cpu_ratio',
               'ratio_median': 'ratio_min', 'ours_adds_ns': 'ours_adds_min_ns',
               'ours_uncached_adds_ns': 'ours_uncached_adds_min_ns', 'ours_text_ratio': 'ours_text_min_ratio',
               'ours_small_ratio': 'ours_small_min_ratio'}


def number(x, unit):
    return f'{x:,.0f} {unit}' if x >= 100 else f'{x:.3g} {unit}'


def reach(low, high, unit):
    return number(low, unit) if low == high else f'{number(low, unit)} to {number(high, unit)}'


def ours(results):
    """Each workload's own times once, though they stand beside every peer: as rows without a peer."""
    seen = {}
    for r in results:
        if r['peer'] is not None: seen.setdefault((r['workload'], r['set']), {**r, 'peer': None, 'config': 'one'})
    return list(seen.values())


def pick(results, workloads, peer, config, which):
    found = [r for r in results if r['peer'] == peer and re.search(config, r['config']) and
             re.search(workloads, r['workload'])]
    return [r for r in found if r['set'] == which] or (found if which == '' else [])


def judge(results):
    every, out = results + ours(results), []
    for what, workloads, (peer, config), value, how, wanted, unit, which in ROWS:
        rows = pick(every, workloads, peer, config, which)
        found = [(value(r), r['workload']) for r in rows if value(r) is not None]
        t = {'what': what, 'wanted': f'{"at least" if how == AT_LEAST else "at most"} {number(wanted, unit)}',
             'seen': '-', 'met': None, 'by': ''}
        if found:
            low, high = min(found), max(found)
            worst = low if how == AT_LEAST else high
            t['met'] = worst[0] >= wanted if how == AT_LEAST else worst[0] <= wanted
            t['seen'] = reach(low[0], high[0], unit)
            if not t['met']:
                missed = sum(v < wanted if how == AT_LEAST else v > wanted for v, _ in found)
                calm = [v for v in (value(r, UNDISTURBED.get) for r in rows) if v is not None]
                if calm: t['seen'] += f'; undisturbed {reach(min(calm), max(calm), unit)}'
                t['by'] = f'{worst[0] / wanted:.2f} of what is wanted at {worst[1]}' + \
                    (f', {missed} of {len(found)} miss it' if len(found) > 1 else '')
        out.append(t)
    return out

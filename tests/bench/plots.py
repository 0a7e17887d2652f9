# SPDX-License-Identifier: Apache-2.0
"""The plots, by gnuplot; without it there are none, and the document says nothing of them."""
import os, re, shutil, subprocess

STYLE = '''\
set terminal svg size 860,520 dynamic font "sans,12" background "white"
set grid lc rgb "#dddddd"
set key outside right top
set border 3
set tics nomirror
'''
NAMES = {'casbin-cached': 'casbin, cached'}


def shown(text):
    return text.replace('"', '').replace('_', '-')


def series(lines):
    """lines: (title, [(x, y), ...], style). The data blocks, and the plot command's parts."""
    blocks, parts = [], []
    for i, (title, points, style) in enumerate(lines):
        blocks.append(f'$d{i} << EOD\n' + ''.join(f'{x} {y:.6g}\n' for x, y in points) + 'EOD\n')
        parts.append(f'$d{i} using 1:2 with linespoints {style} title "{shown(title)}"')
    return ''.join(blocks) + 'plot ' + ', \\\n     '.join(parts) + '\n'


def by_rules(results):
    """Median against the number of rules, us and every peer, on the stream."""
    lines = {}
    for r in results:
        m = re.match(r'ladder-(roles|grants)-(\d+)(-cold)?$', r['workload'])
        if not m or r['set'] != 'stream': continue
        form, n, cold = m[1], int(m[2]), ', all cold' if m[3] else ''
        if r['config'] in ('one', 'many16') and r['peer'] is None or r['peer']:
            many = ' in batches of 16' if r['config'] == 'many16' else ''
            lines.setdefault(f'ours, {form}{cold}{many}', {})[n] = r['ours_median_ns']
        if r['peer'] and r['peer_median_ns']:
            lines.setdefault(f'{NAMES.get(r["peer"], r["peer"])} {r["config"]}', {})[n] = r['peer_median_ns']
    out = [(t, sorted(p.items()), f'lw {2 if t.startswith("ours") else 1} pt 7 ps 0.5') for t, p in lines.items()]
    if not any(len(p) > 1 for _, p, _ in out): return None
    return STYLE + 'set logscale xy\nset format x "10^{%L}"\nset xlabel "rules"\nset ylabel "ns a decision (median)"\n' + \
        series(sorted(out))


def points(r, side):
    """(percent, ns): what the driver gave, else the three that every driver gives."""
    given = r.get(f'{side}_percentiles')
    if given: return [(p, ns) for p, ns in given if ns]
    return [(p, r[f'{side}_{k}_ns']) for p, k in ((50, 'p50'), (99, 'p99')) if r[f'{side}_{k}_ns']]


def latency(results):
    """The distribution of single calls, of the largest worlds of each app, on the stream."""
    rows = [r for r in results if r['family'] == 'apps' and r['set'] == 'stream' and r['peer'] and
            re.search(r'strings$|data$', r['config'])]
    most = max((r['size'] for r in rows), default=None)
    lines = {}
    for r in rows:
        if r['size'] != most: continue
        lines[f'ours, {r["workload"]}'] = (points(r, 'ours'), 'lw 2 pt 7 ps 0.5')
        lines[f'{r["peer"]}, {r["workload"]}'] = (points(r, 'peer'), 'lw 1 pt 7 ps 0.4')
    lines = [(t, p, style) for t, (p, style) in sorted(lines.items()) if p]
    if not lines: return None
    # Percent on a scale that opens up towards 100: 50, 90, 99, 99.9 in equal steps.
    def stretched(p): return [(min(100 / (100 - min(x, 99.99)), 10_000), y) for x, y in p]
    return STYLE + 'set logscale xy\nset xrange [1:*]\nset xtics ("min" 1, "50%%" 2, "90%%" 10, "99%%" 100, "99.9%%" 1000)\n' \
        'set xlabel "share of the calls that took no longer"\nset ylabel "ns a call"\n' + \
        series([(t, stretched(p), style) for t, p, style in lines])


def draw(where, results):
    """(file, what it shows) of each plot that was drawn into the folder WHERE."""
    if shutil.which('gnuplot') is None: return []
    out = []
    for file, what, script in (('bench-rules.svg', 'cost against the number of rules', by_rules(results)),
                               ('bench-latency.svg', 'distribution of latency', latency(results))):
        if script is None: continue
        path = os.path.join(where, file)
        with open(path, 'wb') as f:
            done = subprocess.run(['gnuplot'], input=script.encode(), stdout=f).returncode == 0
        if done: out.append((file, what))
        else: os.unlink(path)
    return out

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
# Peers are shown as a host uses them: from strings.
SHOWN = re.compile(r'(strings|enforce|cached|data)$')
OURS = ('#08519c', '#3182bd', '#6baed6', '#9ecae1', '#006d2c', '#31a354', '#74c476', '#a1d99b')
THEIRS = ('#a50f15', '#ef6548', '#fdbb84', '#7a0177', '#dd3497', '#fa9fb5', '#8c510a', '#bf812d', '#636363', '#bdbdbd')


def shown(text):
    return text.replace('"', '').replace('_', '-')


def series(lines):
    """lines: {title: [(x, y), ...]}. The data blocks and the plot command; ours in front, wide and in cold colours."""
    blocks, parts, drawn = [], [], {True: 0, False: 0}
    for i, (title, points) in enumerate(sorted(lines.items(), key=lambda l: (not l[0].startswith('ours'), l[0]))):
        mine = title.startswith('ours')
        colours = OURS if mine else THEIRS
        colour = colours[drawn[mine] % len(colours)]
        drawn[mine] += 1
        blocks.append(f'$d{i} << EOD\n' + ''.join(f'{x} {y:.6g}\n' for x, y in points) + 'EOD\n')
        parts.append(f'$d{i} using 1:2 with linespoints lw {2.5 if mine else 1.2} pt 7 ps 0.5 lc rgb "{colour}" '
                     f'title "{shown(title)}"')
    return ''.join(blocks) + 'plot ' + ', \\\n     '.join(parts) + '\n'


def by_rules(results):
    """Median against the number of rules, us and every peer, on the stream."""
    lines = {}
    for r in results:
        m = re.match(r'ladder-(roles|grants)-(\d+)(-cold)?$', r['workload'])
        if not m or r['set'] != 'stream': continue
        form, n, cold = m[1], int(m[2]), ', all cold' if m[3] else ''
        if r['peer'] or r['config'] in ('one', 'many16'):
            many = ', in batches' if r['config'] == 'many16' else ''
            lines.setdefault(f'ours, {form}{cold}{many}', {})[n] = r['ours_median_ns']
        if r['peer'] and r['peer_median_ns'] and SHOWN.search(r['config']):
            lines.setdefault(f'{r["peer"].split("-")[0]} {r["config"]}', {})[n] = r['peer_median_ns']
    if not any(len(p) > 1 for p in lines.values()): return None
    return STYLE + 'set logscale xy\nset format xy "10^{%L}"\nset xlabel "rules"\nset ylabel "ns a decision (median)"\n' + \
        series({t: sorted(p.items()) for t, p in lines.items()})


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
        lines[f'ours, {r["workload"]}'] = points(r, 'ours')
        lines[f'{r["peer"]}, {r["workload"]}'] = points(r, 'peer')
    if not any(lines.values()): return None
    # Percent on a scale that opens up towards 100: 50, 90, 99, 99.9 in equal steps.
    def stretched(p): return [(min(100 / (100 - min(x, 99.99)), 10_000), y) for x, y in p]
    return STYLE + 'set logscale xy\nset format y "10^{%L}"\nset xrange [1:1500]\nset xtics ("min" 1, "50%%" 2, "90%%" 10, "99%%" 100, "99.9%%" 1000)\n' \
        'set xlabel "share of the calls that took no longer"\nset ylabel "ns a call"\n' + \
        series({t: stretched(p) for t, p in lines.items() if p})


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

# SPDX-License-Identifier: Apache-2.0
"""The section "served" of run.py: policyd beside Cerbos, the same requests over HTTP by wrk, as daemon.py has it.

    served-one      a decision a request
    served-batch    fifty
"""
import importlib, json, os, re, shutil, statistics, tempfile

import report

SECONDS = 3
NAMES = {'one': 'served-one', 'batch': 'served-batch'}
FIGURES = ('per_second', 'p50_ms', 'p99_ms', None, 'cpu_us')     # as wrk() of daemon.py has them; of its errors there are none


def absent(build, tools):
    for what, there in (('policyd', os.path.exists(os.path.join(build, '.libs', 'policyd'))), ('wrk', shutil.which('wrk')),
                        ('taskset', shutil.which('taskset')), ('Cerbos', os.path.isdir(os.path.join(tools, 'cerbos')))):
        if not there: return f'no {what}'
    return None


def versions(build, tools):
    with open(os.path.join(build, 'libpolicy.pc'), encoding='utf-8') as f: ours = re.search(r'^Version: *(.*)$', f.read(), re.M).group(1)
    with open(os.path.join(tools, 'cerbos/node_modules/@cerbos/cerbos-linux-x64/package.json'), encoding='utf-8') as f:
        return {'ours_version': ours, 'peer_version': json.load(f)['version']}


def side(name, runs, mib):
    out = {f'{name}_rss_kb': mib * 1024}
    for i, figure in enumerate(FIGURES):
        if figure is None: continue
        out[f'{name}_min_{figure}'] = min(r[i] for r in runs)
        out[f'{name}_median_{figure}'] = statistics.median(r[i] for r in runs)
    return out


def row(daemon, what, got, mib, known):
    a, b, n = got[what, 'policyd'], got[what, 'Cerbos'], daemon.work()[what][2]
    r = report.Row(workload=NAMES[what], family='served', set='fixed', peer='cerbos', config=f'wrk, {daemon.CONNECTIONS} connections',
                   size=n, requests=1, ours_wrong=sum(x[3] for x in a), ours_repeats=len(a), **known,
                   **side('ours', a, mib['policyd']), **side('peer', b, mib['Cerbos']))
    ratios = [x[0] / y[0] for x, y in zip(a, b)]
    return report.Row(r, ratio_per_second=statistics.median(ratios), ratio_per_second_min=min(ratios),
                      ours_p99_to_theirs=r['ours_median_p99_ms'] / r['peer_median_p50_ms'],
                      ours_decisions_per_second=n * r['ours_median_per_second'],
                      ours_decisions_per_second_min=n * r['ours_min_per_second'])


def run(bench, say):
    names = [n for n in NAMES.values() if re.search(bench.args.only, n)]
    if not names: return
    build = os.path.abspath(bench.args.build)
    tools = os.path.join(build, 'tools')
    why = absent(build, tools)
    if why:
        bench.notes.append(f'served: left out: {why}')
        return
    say('served')
    daemon = importlib.import_module('daemon')
    os.environ['LD_LIBRARY_PATH'] = os.path.join(build, '.libs')
    count = daemon.Count()
    with tempfile.TemporaryDirectory(dir='/tmp') as tmp:
        os.chmod(tmp, 0o755)
        got, mib = daemon.compare(count, os.path.join(build, '.libs', 'policyd'), os.path.join(build, 'modules', '.libs'), tools, tmp,
                                  bench.args.rounds, SECONDS)
    if count.failed: bench.differ(f'served: {count.failed} answers are not as expected')
    bench.results += [row(daemon, what, got, mib, versions(build, tools)) for what in NAMES if NAMES[what] in names]

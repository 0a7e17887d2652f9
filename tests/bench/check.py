#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py answers ASKED TOLD | families SAID | run TMP: what check.sh needs; prints what is wrong."""
import itertools, json, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, 'workloads')]
import targets                                                                                # noqa: E402
from common import FAMILIES                                                                   # noqa: E402

# A driver that measures nothing: its numbers are its arguments, its decisions those expected but for some.
FAKE = '''\
#!/usr/bin/env python3
import json, sys
peer, median, wrong = {peer!r}, {median}, {wrong}
out = []
for name in ('requests', 'stream'):
    with open(f'{{sys.argv[1]}}/{{name}}.jsonl') as f: out.append([json.loads(l).get('expected', False) for l in f])
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
for which, yes in zip(('fixed', 'stream'), out):
    print(json.dumps(dict(peer=peer, config={config!r}, set=which, version='1', requests=len(yes), repeats=5,
                          min_ns=median, median_ns=median, p50_ns=median, p99_ns=2 * median, timer='none', wrong=0,
                          load_ms=1, rss_kb=100, peak_kb=200, rules=10)))
if '--decisions' in options:
    with open(options['--decisions'], 'w') as f:
        f.write(''.join(str(int(y != (i < wrong))) for i, y in enumerate(out[0] + out[1])))
'''


def answers(asked, told):
    with open(asked, encoding='utf-8') as f: wanted = [json.loads(l) for l in f]
    with open(told, encoding='utf-8') as f: got = [json.loads(l) for l in f]
    if len(wanted) != len(got): print(f'{len(wanted)} requests, {len(got)} answers')
    differ = [(w, g) for w, g in zip(wanted, got) if w.get('expected', g['decision']) != g['decision']]
    for w, g in itertools.islice(differ, 3): print(json.dumps(w), json.dumps(g))
    refused = sum(g['context']['reason'] in ('error', 'limit') for g in got)
    if refused: print(f'{refused} requests were refused')
    if not any('expected' in w for w in wanted): print('nothing was expected')


def families(said):
    with open(said, encoding='utf-8') as f: absent = 'python3-yaml' in f.read()
    print(len(FAMILIES) - absent)


def driver(path, **values):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f: f.write(FAKE.format(**values))
    os.chmod(path, 0o755)


def bench(tmp, wrong):
    """run.py with a peer that is WRONG that often: (exit status, results, the document)."""
    driver(f'{tmp}/build/tests/bench/ours', peer='libpolicy', config='one', median=50, wrong=0)
    driver(f'{tmp}/build/bench/peers/cedar', peer='cedar', config='strings', median=6000, wrong=wrong)
    ended = subprocess.run([sys.executable, f'{HERE}/run.py', '--build', f'{tmp}/build', '--shared', f'{tmp}/none', '--keep',
                            '--rounds', '2', '--only', '^own-github', '--no-modes', '--out', f'{tmp}/out'],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if ended.returncode not in (0, 1): sys.exit(ended.stderr)
    with open(f'{tmp}/out/tests/bench/results.json', encoding='utf-8') as f: results = json.load(f)
    with open(f'{tmp}/out/doc/BENCHMARKS.md', encoding='utf-8') as f: return ended.returncode, results, f.read()


def run(tmp):
    def wants(what, wanted, got):
        if wanted != got: print(f'{what}: wanted {wanted}, got {got}')
    status, results, document = bench(tmp, 0)
    wants('exit status when all agree', 0, status)
    wants('results', 2, len(results))
    wants('ratio of medians', [120, 120], [r['ratio_median'] for r in results])
    wants('agreement', [1, 1], [r['agree'] for r in results])
    wants('a target that is met', True, '| github: median, times native Cedar | at least 100 × | 120 × | met |' in document)
    wants('bytes a rule', 10 * 1024, targets.a_rule('ours_rss_kb')({'ours_rss_kb': 100, 'ours_rules': 10}))
    status, results, document = bench(tmp, 3)
    wants('exit status when three differ', 1, status)
    wants('agreement when three differ', .997, next(r['agree'] for r in results if r['set'] == 'fixed'))
    wants('the place where they differ', True, 'cedar differs from ours in 3 of 1000 (fixed)' in document)


if __name__ == '__main__':
    {'answers': answers, 'families': families, 'run': run}[sys.argv[1]](*sys.argv[2:])

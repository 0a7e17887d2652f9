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

# The programs of the section "credentials" the same way: they write, and say, what they are told to.
TOKENS = '#!/bin/sh\nmkdir -p "$1/credentials-jwt-RS256" && echo credentials-jwt-RS256\n'
BEARER = '''\
#!/usr/bin/env python3
import json, sys
jwt = 'jwt' in sys.argv[2]
for peer, ns, said in (('libpolicy', 110, '1000'), ('openssl', 100, '1..0'), ('libjwt', 2000, {libjwt!r}))[:3 if jwt else 1]:
    print(json.dumps(dict(peer=peer, config='verify' if peer == 'openssl' else 'authenticate', set='fixed', version='1',
                          requests=4, repeats=5, min_ns=ns, median_ns=ns, timer='none', wrong=0, answers=said)))
'''
CREDENTIAL = '''\
#!/bin/sh
echo '{"peer": "libpolicy", "config": "cached", "set": "fixed", "version": "1", "requests": 4, "repeats": 5, "wrong": 0,
"min_ns": 390, "median_ns": 400, "with_token_min_ns": 90, "with_token_median_ns": 90, "adds_min_ns": 300, "adds_ns": 310}' |
    tr -d '\\n'
'''

# So of "accounts": both lines of one program, the line of the other.
ACCOUNTS = '''\
#!/usr/bin/env python3
import json, sys
def line(config, **more):
    print(json.dumps(dict(peer='libpolicy', config=config, set='fixed', version='1', requests=2100, repeats=5, timer='none', wrong=0, **more)))
def times(names, ns):
    return {{f'{{n}}{{k}}_ns': ns for n in names for k in ('min', 'median')}}
if sys.argv[0].endswith('s'):
    line('open', load_ms=900.5, load_cpu_ms=800, rss_kb=1024, peak_kb=2048, row_bytes=230, progress=0)
    line('decide', small_ratio=4, small_min_ratio=3, text_ratio=1.2, text_min_ratio=1.1,
         **times(('', 'small_', 'text_', 'store_', 'many_small_', 'many_text_', 'many_store_'), 100))
else:
    line('token', adds_ns=200, adds_min_ns=190, uncached_adds_ns={uncached}, uncached_adds_min_ns=1500,
         **times(('', 'asserted_', 'with_token_', 'uncached_', 'any_uncached_', 'any_asserted_'), 70))
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


def program(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f: f.write(text)
    os.chmod(path, 0o755)


def driver(path, **values):
    program(path, FAKE.format(**values))


def started(tmp, *options):
    """run.py: (exit status, results, the document)."""
    ended = subprocess.run([sys.executable, f'{HERE}/run.py', '--build', f'{tmp}/build', '--shared', f'{tmp}/none', '--keep',
                            '--rounds', '2', '--out', f'{tmp}/out', *options],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if ended.returncode not in (0, 1): sys.exit(ended.stderr)
    with open(f'{tmp}/out/tests/bench/results.json', encoding='utf-8') as f: results = json.load(f)
    with open(f'{tmp}/out/doc/BENCHMARKS.md', encoding='utf-8') as f: return ended.returncode, results, f.read()


def bench(tmp, wrong):
    """With a peer that is WRONG that often."""
    driver(f'{tmp}/build/tests/bench/ours', peer='libpolicy', config='one', median=50, wrong=0)
    driver(f'{tmp}/build/bench/peers/cedar', peer='cedar', config='strings', median=6000, wrong=wrong)
    return started(tmp, '--only', '^own-github', '--no-modes')


def credentials(tmp, libjwt):
    """The credentials alone, merged into what is there; libjwt's answers are to be compared with 1000."""
    for name, text in (('tokens', TOKENS), ('bearer', BEARER.format(libjwt=libjwt)), ('credential', CREDENTIAL)):
        program(f'{tmp}/build/tests/bench/{name}', text)
    return started(tmp, '--only', 'credentials-(jwt|cached-60|file-10$)', '--merge', '--no-peers')


def accounts(tmp):
    """The accounts alone, merged into what is there."""
    for name in ('accounts', 'account'): program(f'{tmp}/build/tests/bench/{name}', ACCOUNTS.format(uncached=2500))
    return started(tmp, '--only', '^accounts-', '--merge', '--no-peers')


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
    status, results, document = credentials(tmp, '1000')
    wants('exit status when all say the same', 0, status)
    wants('results, those that were there among them', ['own-github-50'] * 2 + ['credentials-jwt-RS256'] * 2 +
          ['credentials-file-10', 'credentials-cached-60'], [r['workload'] for r in results])
    wants('agreement of who says nothing of two', [1, 1], [r['agree'] for r in results if 'jwt' in r['workload']])
    wants('how many times the bare verify', True, '| at most 1.2 × | 1.1 × | met |' in document)
    wants('what a known one adds', True, 'adds to a decision | at most 300 ns | 310 ns; undisturbed 300 ns | not met' in document)
    wants('a run of its own', 1, document.count('Measured in a run of its own'))
    status, results, document = credentials(tmp, '1010')
    wants('exit status when a peer says something else', 1, status)
    wants('results, each once', 6, len(results))
    wants('where', True, 'credentials-jwt-RS256: libjwt differs from ours in 1 of 4' in document)
    status, results, document = accounts(tmp)
    wants('exit status of the accounts', 0, status)
    wants('what is said of the accounts', [('people', 'open'), ('people', 'decide'), ('token', 'token')],
          [(r['workload'].split('-')[1], r['config']) for r in results if r['family'] == 'accounts'])
    wants('a start', True, '| at most 8 s | 0.9 s | met |' in document)
    wants('beside a text', True, '| at most 1.5 × | 1.2 × | met |' in document)
    wants('beside a small one', True, '| 4 ×; undisturbed 3 × | not met' in document)
    wants('a token that is not cached', True, '| at most 2 µs | 2.5 µs; undisturbed 1.5 µs | not met' in document)
    wants('the accounts\' table', True, '| accounts-people-100000 | opened: 2,100 rows | 900 ms (800 ms), 1.00 MB, 2.00 MB at most, 230 bytes a row |' in document)


if __name__ == '__main__':
    {'answers': answers, 'families': families, 'run': run}[sys.argv[1]](*sys.argv[2:])

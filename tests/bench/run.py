#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [--quick] [--only PATTERN] [--merge] [--seconds S] [--sizes 5,10,...]: this engine beside its peers, one run, one table.

Builds the peers, has the workloads written, puts the same requests to us and to each peer in turn (us, peer, peer, us,
peer, ...), each kept on one processor, compares every decision, and writes results.json here and what report.py makes
of it. Judged is the stream, which never repeats; the fixed requests stand beside it. A peer that is absent is left
out with a word. Exit status 1 when any decision differs, and only then: times are printed and judge nothing.
"""
import argparse, collections, json, os, platform, re, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode, os.environ['PYTHONDONTWRITEBYTECODE'] = True, '1'
sys.path[:0] = [HERE, os.path.join(HERE, 'workloads')]
import accounts, credentials, drive, report, served                                                # noqa: E402
from common import FAMILIES                                                                   # noqa: E402

# What is asked of ours besides one request after the other: workloads, mode.
MODES = (
    (r'^(own-)?(github|gdrive|tinytodo)-50$', ('alone', 'many16', 'threads2', 'threads2-many16', 'off')),
    (r'^ladder-(roles|grants)-\d+(-cold)?$', ('alone', 'many16')),
    (r'^ladder-(roles|grants)-1000000(-cold)?$', ('threads2', 'threads2-many16')),
    (r'^ladder-(roles|grants)-1000000$', ('reload',)),
    (r'^ladder-grants-\d+$', ('change',)),
    (r'^attributes-', ('alone', 'many16')),
)
LONG = 30                                       # a player that took so many times --seconds has played enough


def say(*what):
    print(*what, file=sys.stderr, flush=True)


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--build', default=os.environ.get('top_builddir', os.path.join(TOP, 'build')))
    p.add_argument('--shared', default=os.environ.get('POLICY_SHARED', os.path.join(TOP, '..', 'shared')))
    p.add_argument('--quick', action='store_true', help='fewer sizes, rounds and seconds; writes into the build folder')
    p.add_argument('--only', default='', metavar='PATTERN', help='workloads whose name has this')
    p.add_argument('--merge', action='store_true', help='write into the tree; what was not measured stays as it is there')
    p.add_argument('--seconds', type=float, default=None, help='the most for one line of a driver')
    p.add_argument('--sizes', default=None, help='of the three apps')
    p.add_argument('--ladder', default=None, help='sizes of the ladder')
    p.add_argument('--rounds', type=int, default=None)
    p.add_argument('--cpu', type=int, default=None, help='the processor to stay on (the last one)')
    p.add_argument('--ours', default=None, metavar='PROGRAM', help='our driver, of another build than --build')
    p.add_argument('--no-peers', action='store_true')
    p.add_argument('--no-modes', action='store_true')
    p.add_argument('--keep', action='store_true', help='use workloads and peers that are there already')
    p.add_argument('--out', default=None, help='where results.json, BENCHMARKS.md and the plots go')
    args = p.parse_args()
    quick = (('seconds', 0.5), ('sizes', '10,50'), ('ladder', '10,1000,10000'), ('rounds', 3))
    full = (('seconds', 0.5), ('sizes', '5,10,15,20,30,40,50'), ('ladder', '10,1000,10000,100000,1000000'), ('rounds', 5))
    for name, default in quick if args.quick else full:
        if getattr(args, name) is None: setattr(args, name, default)
    args.build = os.path.abspath(args.build)
    if args.cpu is None: args.cpu = max(os.sched_getaffinity(0))
    return args


def generate(args, where):
    """Has every generator write what is wanted; the names, in their order."""
    names = []
    for family, script in FAMILIES.items():
        path = os.path.join(HERE, 'workloads', script)
        if not os.path.exists(path): continue
        command = [sys.executable, path, where, '--only', args.only]
        if family == 'apps': command += ['--shared', args.shared, '--sizes', args.sizes]
        if family == 'ladder': command += ['--sizes', args.ladder] + (['--no-peers'] if args.no_peers else [])
        if family == 'shipped': command += ['--policies', os.path.join(TOP, 'policies')]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if ended.returncode: sys.exit(f'{script}: status {ended.returncode}')
        names += ended.stdout.split()
    return names


def build_peers(args):
    script = os.path.join(HERE, 'peers', 'build.sh')
    if args.no_peers: return [], ['peers: not asked for']
    if not args.keep: subprocess.run(['sh', script, os.path.join(args.build, 'bench', 'peers')], stdout=sys.stderr)
    found = [(n, drive.find_peer(args.build, n)) for n in drive.PEERS]
    return [d for n, d in found if d], [f'{n}: not built here' for n, d in found if not d]


class Bench:
    def __init__(self, args, ours, peers, notes):
        self.args, self.ours, self.peers, self.notes = args, ours, peers, notes
        self.results, self.disagreements = [], 0

    def players(self, folder, facts):
        """Who takes part in a workload: (key, driver, its folder there)."""
        out = [('ours', self.ours, None)]
        for d in self.peers:
            for f in drive.peer_folders(folder, d.name):
                why = drive.too_large(f, facts)
                if why: self.notes.append(f'{facts["name"]}: {f} left out: {why}')
                else: out.append((f, d, f if f != d.name else None))
        return out

    def rounds(self, folder, facts, scratch):
        """Every player in turn, again and again. A player whose call is long (it loads for seconds) plays fewer times."""
        calls, decisions, out, spent = collections.defaultdict(list), {}, set(), collections.Counter()
        players = self.players(folder, facts)
        for n in range(self.args.rounds):
            for key, driver, peer_folder in players:
                if key in out or spent[key] > LONG * self.args.seconds: continue
                # The first round is the longest: it asks as much as it can, for the decisions.
                file = os.path.join(scratch, f'{key}.decisions') if n == 0 else None
                seconds = self.args.seconds * (2 if n == 0 else .25)
                begin = time.monotonic()
                try:
                    calls[key].append(driver.ask(folder, cpu=self.args.cpu, repeats=2, seconds=seconds, decisions=file,
                                                 peer_folder=peer_folder))
                except drive.Absent as why:
                    out.add(key)
                    self.notes.append(f'{facts["name"]}: {key} left out: {why}')
                    continue
                spent[key] += time.monotonic() - begin
                if file and os.path.exists(file):
                    with open(file, 'rb') as f: decisions[key] = f.read()
        return calls, decisions

    def agreement(self, facts, decisions, expected):
        """Of each player the share of its decisions that are ours, per set; and ours against what is expected."""
        mine, out, n = decisions.get('ours', b''), {}, len(expected)
        wrong = sum(1 for g, e in zip(mine, expected) if g in b'01' and (g == ord('1')) != e)
        if wrong: self.differ(f'{facts["name"]}: {wrong} of {n} decisions are not the expected ones')
        for key, theirs in decisions.items():
            if key == 'ours': continue
            for name, part in (('fixed', slice(0, n)), ('stream', slice(n, None))):
                pairs = [(a, b) for a, b in zip(mine[part], theirs[part]) if a in b'01' and b in b'01']
                differ = sum(a != b for a, b in pairs)
                if differ: self.differ(f'{facts["name"]}: {key} differs from ours in {differ} of {len(pairs)} ({name})')
                out[key, name] = (len(pairs) - differ) / len(pairs) if pairs else None
        return out

    def differ(self, what):
        self.disagreements += 1
        self.notes.append(what)
        say('DISAGREE', what)

    def one(self, folder, scratch):
        with open(os.path.join(folder, 'name.json'), encoding='utf-8') as f: facts = json.load(f)
        with open(os.path.join(folder, 'requests.jsonl'), encoding='utf-8') as f:
            expected = [json.loads(l)['expected'] for l in f]
        calls, decisions = self.rounds(folder, facts, scratch)
        if not calls['ours']: return
        agree = self.agreement(facts, decisions, expected)
        ours = {k[2]: drive.combined(v) for k, v in drive.by_set(calls['ours']).items()}
        for name, mine in ours.items():
            theirs = [(key, drive.combined(v)) for key in calls if key != 'ours'
                      for k, v in drive.by_set(calls[key]).items() if k[2] == name]
            for key, row in theirs or [(None, None)]:
                self.results.append(report.row(facts, name, mine, row, key, agree.get((key, name))))
        self.modes(folder, facts)

    def modes(self, folder, facts):
        wanted = [m for pattern, modes in MODES if re.search(pattern, facts['name']) for m in modes]
        for mode in [] if self.args.no_modes else wanted:
            try:
                calls = [self.ours.ask(folder, cpu=self.args.cpu, repeats=5, seconds=self.args.seconds, mode=mode)]
            except drive.Absent as why:
                self.notes.append(f'{facts["name"]}: mode {mode} left out: {why}')
                continue
            for (_, _, name), rounds in drive.by_set(calls).items():
                self.results.append(report.row(facts, name, drive.combined(rounds), None, None, None, mode))


def machine():
    def first(path, pattern):
        try:
            with open(path, encoding='utf-8') as f: return re.search(pattern, f.read(), re.M).group(1)
        except (OSError, AttributeError):
            return '?'
    compiler = subprocess.run(['cc', '--version'], stdout=subprocess.PIPE, text=True).stdout.splitlines()[:1]
    return {'processor': first('/proc/cpuinfo', r'^model name\s*: (.*)$'), 'processors': os.cpu_count(),
            'memory_gib': round(drive.memory_kb('MemTotal') / 2**20), 'system': first('/etc/os-release', r'^PRETTY_NAME="(.*)"'),
            'kernel': platform.release().split('-')[0], 'compiler': compiler[0] if compiler else '?',
            'python': platform.python_version()}


def keep(build, facts, results):
    """After every workload, so that what was measured outlives a run that is stopped: report.py reads it."""
    with open(os.path.join(build, 'bench', 'raw.json'), 'w', encoding='utf-8') as f:
        json.dump({'facts': facts, 'results': results}, f, indent=1)


def main():
    args = options()
    where = os.path.join(args.build, 'bench', 'workloads')
    ours = drive.Driver('ours', args.ours) if args.ours else drive.find_ours(args.build)
    if ours is None: sys.exit('tests/bench/ours is not built')
    os.makedirs(where, exist_ok=True)
    names = generate(args, where)
    peers, notes = build_peers(args) if names else ([], [])
    begin, load = time.monotonic(), os.getloadavg()[0]
    bench = Bench(args, ours, peers, notes)
    facts = {'machine': machine(), 'quick': args.quick, 'rounds': args.rounds, 'load_before': load,
             'load_after': load, 'minutes': 0, 'notes': notes}
    out = args.out or (TOP if args.merge or not (args.quick or args.only) else os.path.join(args.build, 'bench', 'report'))
    with tempfile.TemporaryDirectory(dir=os.path.join(args.build, 'bench')) as scratch:
        try:
            for i, name in enumerate(names):
                say(f'{i + 1}/{len(names)} {name}')
                bench.one(os.path.join(where, name), scratch)
                facts.update(load_after=os.getloadavg()[0], minutes=(time.monotonic() - begin) / 60, notes=bench.notes)
                keep(args.build, facts, bench.results)
            name = 'credentials'
            credentials.run(bench, where, say)
            name = 'accounts'
            accounts.run(bench, say)
            name = 'served'
            served.run(bench, say)
        except KeyboardInterrupt:
            bench.notes.append(f'stopped by hand at {name}: what follows it was not run')
    facts.update(load_after=os.getloadavg()[0], minutes=(time.monotonic() - begin) / 60, notes=bench.notes)
    keep(args.build, facts, bench.results)
    report.write(out, *(report.merge(out, facts, bench.results) if args.merge else (facts, bench.results)))
    print(report.table(bench.results))
    for n in bench.notes: print(f'note: {n}')
    print(report.summary(facts, bench.results))
    return 1 if bench.disagreements else 0


if __name__ == '__main__':
    sys.exit(main())

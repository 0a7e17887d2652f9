#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""instructions.py [--build DIR]: instructions a decision, counted by callgrind, against those that are kept.

The guard that is not a timer: fixed workloads, drawn from seeds; what one of them takes may not grow or shrink by more
than 3 %. instructions.txt keeps a number for each workload and compiler; ACCEPT=1 writes them anew for the compiler that
built this tree. A set's hash is seeded anew by every load, and how long its probes are is luck: several loads are
counted, and the middle ones averaged. And what must not depend on size: a decision among 1,000,000 rules takes within
10 % of the instructions of one among 1000, and wildcards in 1000 roles take no more than 4 times the bytes of the file.
"""
import argparse, os, re, shutil, statistics, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
TOP = os.path.dirname(os.path.dirname(HERE))
KEPT = os.path.join(HERE, 'instructions.txt')
MAY, LOADS, REQUESTS = 0.03, 5, 4096
FLAT, WIDE = 0.10, 4.0

# generator and its options, then the workloads: the file of requests
COUNTED = (
    (('apps', '--shared', '', '--own-size', '50'),
     {f'own-{a}-50': 'stream' for a in ('github', 'gdrive', 'tinytodo')}),
    (('ladder', '--sizes', '1000', '--no-peers'), {f'ladder-{f}-1000': 'requests' for f in ('roles', 'grants')}),
    (('attributes',), {f'attributes-{n}': 'stream' for n in ('none', 'eight', 'eight-own')}),
    (('casbin', '--only', 'basic|deny|domains|resource|key|abac|small'),
     {f'casbin-{n}': 'stream' for n in ('basic', 'deny', 'domains', 'resource-roles', 'key-match', 'abac-rule', 'rbac-small')}),
)
HEAD = '''\
# Instructions a decision: compiler, workload, number. Written by ACCEPT=1 tests/bench/instructions.py from a
# build with the default flags of configure; checked by .ci/run instructions.
'''


class Count:
    def __init__(self, build, tmp):
        self.program, self.tmp = os.path.join(build, 'tests', 'bench', 'count'), tmp
        self.passed = self.failed = 0
        library = os.path.join(build, '.libs', 'libpolicy.so')
        with open(library, 'rb') as f: text = f.read()
        clang, gcc = re.search(rb'clang version ([0-9.]+)', text), re.search(rb'GCC: \([^)]*\) ([0-9.]+)', text)
        found = ('clang', clang) if clang else ('gcc', gcc)
        self.compiler = f'{found[0]}-{found[1][1].decode()}-{os.uname().machine}' if found[1] else 'unknown'

    def ok(self, is_so, what):
        self.passed, self.failed = self.passed + is_so, self.failed + (not is_so)
        if not is_so: print(f'failed: {what}')

    def write(self, generator, *options):
        subprocess.run([sys.executable, f'{HERE}/workloads/{generator}.py', self.tmp, '--stream', str(REQUESTS), *options],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def once(self, name, requests):
        """Instructions a decision of one load."""
        out, folder = os.path.join(self.tmp, 'callgrind.out'), os.path.join(self.tmp, name)
        said = subprocess.run(['valgrind', '-q', '--tool=callgrind', '--instr-atstart=no', f'--callgrind-out-file={out}',
                               self.program, 'decide', f'{folder}/policy.yaml', f'{folder}/{requests}.jsonl', str(REQUESTS)],
                              stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        is_counted, n, _, failed = (int(x) for x in said)
        if not is_counted: raise SystemExit("tests/bench/count was built without valgrind's headers\n0 passed, 1 failed")
        if failed: raise SystemExit(f'{name}: {failed} requests could not be decided\n0 passed, 1 failed')
        with open(out, encoding='ascii', errors='replace') as f:
            return int(re.search(r'^totals: (\d+)', f.read(), re.M)[1]) / n

    def instructions(self, name, requests, loads=LOADS):
        each = sorted(self.once(name, requests) for _ in range(loads))
        cut = len(each) // 4
        return statistics.mean(each[cut:len(each) - cut]), (each[-1] - each[0]) / each[0]


def kept():
    out = {}
    if os.path.exists(KEPT):
        with open(KEPT, encoding='ascii') as f:
            for line in f:
                if line.strip() and not line.startswith('#'):
                    compiler, name, number = line.split()
                    out[compiler, name] = float(number)
    return out


def keep(numbers):
    with open(KEPT, 'w', encoding='ascii') as f:
        f.write(HEAD)
        f.writelines(f'{compiler} {name} {n:.1f}\n' for (compiler, name), n in sorted(numbers.items()))


def guard(c, accept):
    """Each workload against the number that is kept; how many had none."""
    numbers, absent = kept(), 0
    if accept: numbers = {k: v for k, v in numbers.items() if k[0] != c.compiler}
    for (generator, *options), workloads in COUNTED:
        c.write(generator, *options)
        for name, requests in workloads.items():
            n, spread = c.instructions(name, requests)
            was = numbers.get((c.compiler, name))
            print(f'{name}: {n:.1f} instructions a decision' + (f', kept {was:.1f}, {n / was - 1:+.1%}' if was else '') +
                  f' (loads differ by {spread:.1%})')
            if accept: numbers[c.compiler, name] = n
            elif was is None: absent += 1
            else: c.ok(abs(n / was - 1) <= MAY, f'{name}: {n:.1f} instructions a decision, {was:.1f} are kept')
    if accept: keep(numbers)
    elif absent: print(f'skipped: {absent} workloads have no number for {c.compiler} (ACCEPT=1 writes them)')
    return absent


def flat(c, most):
    """A decision costs the same whatever the number of rules."""
    c.write('ladder', '--sizes', f'1000,{most}', '--no-peers', '--only', r'\d$')
    for form in ('roles', 'grants'):
        few, _ = c.instructions(f'ladder-{form}-1000', 'requests')
        many, _ = c.instructions(f'ladder-{form}-{most}', 'requests', 2)
        what = f'ladder-{form}: {few:.1f} instructions a decision at 1000 rules, {many:.1f} at {most}: {many / few - 1:+.1%}'
        print(what)
        c.ok(abs(many / few - 1) <= FLAT, what)


def wide(c):
    """Wildcards are not written out for every action."""
    path = os.path.join(c.tmp, 'wide.yaml')
    with open(path, 'w', encoding='ascii') as f:
        f.write('# SPDX-License-Identifier: Apache-2.0\npolicy: 1\nactions:\n')
        f.writelines(f'  part{i // 100}:action{i}:\n' for i in range(10_000))
        f.write('roles:\n')
        f.writelines(f'  role{i}: {{ allow: "**" }}\n' for i in range(1000))
    said = subprocess.run([c.program, 'bytes', path], stdout=subprocess.PIPE, check=True, text=True).stdout
    program, written = int(said.split()[0]), os.path.getsize(path)
    what = f'"**" in 1000 roles, 10,000 actions: {written} bytes written, {program} of program: {program / written:.2f} times'
    print(what)
    c.ok(program <= WIDE * written, what)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--build', default=os.environ.get('top_builddir', os.path.join(TOP, 'build')))
    p.add_argument('--most', type=int, default=1_000_000, help='rules of the largest ladder')
    args = p.parse_args()
    if shutil.which('valgrind') is None:
        print('skipped: instructions a decision (no valgrind)\n0 passed, 0 failed, 1 skipped')
        return 0
    with tempfile.TemporaryDirectory(dir=args.build) as tmp:
        c = Count(os.path.abspath(args.build), tmp)
        wide(c)
        absent = guard(c, os.environ.get('ACCEPT') == '1')
        flat(c, args.most)
    print(f'{c.passed} passed, {c.failed} failed' + (f', {absent} skipped' if absent else ''))
    return 1 if c.failed else 0


if __name__ == '__main__':
    sys.exit(main())

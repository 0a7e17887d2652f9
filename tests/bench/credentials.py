# SPDX-License-Identifier: Apache-2.0
"""The section "credentials" of run.py: tokens beside OpenSSL, libjwt and PyJWT, and what one costs that is known.

    credentials-jwt-ALG    policy_authenticate(), nothing cached, all claims checked; beside the bare verify of the same
                           bytes, and both peers (the claims that we require are required of them)
    credentials-file-N     the same of a token in a file of N (module token_file, which is never cached)
    credentials-cached-LEN a decision by a credential of LEN bytes that was verified a moment ago, beside the same
                           with the token's facts asserted

Every answer to a good, an expired, a forged token, one for somebody else, is compared; bare OpenSSL's, which knows
no claims, where the signature alone decides.
"""
import json, os, re, secrets, subprocess

import drive, report

SIZES, LENGTHS = (10, 1000, 100000), (60, 250, 650)
FILE_POLICY = '''\
policy: 1
resources: { doc: }
actions: { read: { resource: doc } }
roles: { reader: { allow: read } }
authenticated: { roles: reader }
modules: [ { use: token_file, for: bearer, with: { file: "%s/tokens" }, subject: { type: service } } ]
'''


def private(path, text):
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), 'w', encoding='utf-8') as f: f.write(text)


def write_file(where, n):
    """N tokens in a file; asked for are the middle, first and last one, and three that are not there."""
    name = f'credentials-file-{n}'
    folder = os.path.join(where, name)
    os.makedirs(folder, exist_ok=True)
    tokens = [secrets.token_urlsafe(32) for _ in range(n)]
    asked = [(tokens[i], True) for i in (n // 2, 0, n - 1)]
    asked += [(t, False) for t in (secrets.token_urlsafe(32), tokens[0][:-1], tokens[0] + 'A')]
    private(f'{folder}/tokens', '\n'.join(tokens) + '\n')
    private(f'{folder}/policy.yaml', FILE_POLICY % folder)
    private(f'{folder}/requests.jsonl', ''.join(json.dumps({'token': t, 'expected': e}) + '\n' for t, e in asked))
    private(f'{folder}/name.json', json.dumps({'name': name, 'family': 'credentials', 'size': n}))
    return name


def generate(args, where):
    """Has written what --only wants; the names."""
    program = os.path.join(args.build, 'tests', 'bench', 'tokens')
    out = []
    if any(re.search(args.only, f'credentials-jwt-{a}') for a in ('HS256', 'RS256', 'PS256', 'ES256', 'EdDSA')):
        out = subprocess.run([program, where], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    out += [write_file(where, n) for n in SIZES if re.search(args.only, f'credentials-file-{n}')]
    out += [f'credentials-cached-{n}' for n in LENGTHS]
    return [n for n in out if re.search(args.only, n)]


def python_with(module):
    for python in ('python3', '/usr/bin/python3'):
        if subprocess.run([python, '-c', f'import {module}'], stderr=subprocess.DEVNULL).returncode == 0: return python
    return None


def libjwt_version():
    """The library does not say it."""
    try:
        return subprocess.run(['pkg-config', '--modversion', 'libjwt'], stdout=subprocess.PIPE, text=True).stdout.strip()
    except OSError:
        return ''


def ask(command):
    """The lines of one program, which are rows as drive.py has them."""
    try:
        ended = drive.finish([str(c) for c in command], 300)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise drive.Absent(f'no answer: {e}') from None
    if ended.returncode:
        raise drive.Absent(f'failed (status {ended.returncode}): {(ended.stderr.strip().splitlines() or ["-"])[-1][:160]}')
    return [json.loads(l) for l in ended.stdout.splitlines()]


class Section:
    def __init__(self, bench, where):
        self.bench, self.args, self.where = bench, bench.args, where
        self.modules = os.path.join(self.args.build, 'modules', '.libs')
        self.program = lambda name: os.path.join(self.args.build, 'tests', 'bench', name)
        self.python, self.libjwt = None, libjwt_version()
        if not self.args.no_peers:
            self.python = python_with('jwt, cryptography')
            if self.python is None: bench.notes.append('pyjwt: not here')

    def commands(self, name):
        if name.startswith('credentials-cached-'): return [[self.program('credential'), self.modules, name.split('-')[-1]]]
        folder, seconds = os.path.join(self.where, name), self.args.seconds
        out = [[self.program('bearer'), self.modules, folder, seconds]]
        if self.python and name.startswith('credentials-jwt-'):
            out.append([self.python, os.path.join(os.path.dirname(__file__), 'peers', 'pyjwt.py'), folder, seconds])
        return out

    def one(self, name):
        rows = []
        try:
            for _ in range(self.args.rounds):
                for command in self.commands(name): rows += ask(command)
        except drive.Absent as why:
            self.bench.notes.append(f'{name}: left out: {why}')
            return
        for r in rows:
            if r['peer'] == 'libjwt': r['version'] = self.libjwt
        by = {}
        for r in rows: by.setdefault(r['peer'], []).append(r)
        self.write(name, by)

    def write(self, name, by):
        last = name.split('-')[-1]
        facts = {'name': name, 'family': 'credentials', 'size': int(last) if last.isdigit() else None}
        mine, answers = drive.combined(by['libpolicy']), by['libpolicy'][0].get('answers', '')
        if mine['wrong']: self.bench.differ(f'{name}: {mine["wrong"]} answers of ours are not the expected ones')
        for peer, rows in by.items():
            if peer == 'libpolicy': continue
            pairs = [(a, b) for a, b in zip(answers, rows[0]['answers']) if '.' not in (a, b)]
            differ = sum(a != b for a, b in pairs)
            if differ: self.bench.differ(f'{name}: {peer} differs from ours in {differ} of {len(pairs)}')
            self.bench.results.append(report.row(facts, 'fixed', mine, drive.combined(rows), peer,
                                                 (len(pairs) - differ) / len(pairs)))
        if len(by) == 1:
            self.bench.results.append(report.row(facts, 'fixed', mine, None, None, None, by['libpolicy'][0]['config']))


def run(bench, where, say):
    """All of it, on the one processor."""
    names = generate(bench.args, where)
    allowed = os.sched_getaffinity(0)
    section = Section(bench, where) if names else None
    os.sched_setaffinity(0, {bench.args.cpu})
    for i, name in enumerate(names):
        say(f'{i + 1}/{len(names)} {name}')
        section.one(name)
    os.sched_setaffinity(0, allowed)

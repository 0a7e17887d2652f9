#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""policyd beside Cerbos: the same AuthZEN requests over loopback TCP, by wrk, in one run.

Each server has the first processor to itself, wrk the second; they take turns, one running at a
time. policyd judges its caller's bearer token besides, which Cerbos does not ask for. Times are
printed and judge nothing; answers do. daemon.py POLICYD MODULES TOOLS TMP [REPEATS [SECONDS]]"""
import json
import os
import re
import statistics
import subprocess
import sys
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, '..', 'daemon'), os.path.join(HERE, '..', 'live')]
from authzen_cerbos import OURS, Cerbos, question  # noqa: E402
from live import Count, put  # noqa: E402
from http_world import Wire, free_port, request  # noqa: E402

TOKEN = 'a-token-of-the-host-1234567890abcdef'
CONNECTIONS = 16


def own_cpu(process, cpu):
    """of all its threads, and those it begins"""
    for pid in family(process.pid):
        for task in os.listdir(f'/proc/{pid}/task'):
            os.sched_setaffinity(int(task), {cpu})


def family(pid):
    with open(f'/proc/{pid}/task/{pid}/children') as f:
        return [pid] + [p for child in f.read().split() for p in family(int(child))]


def resident(process):
    """MiB of it and its children: what is theirs, and their shares of what is shared"""
    total = 0
    for pid in family(process.pid):
        with open(f'/proc/{pid}/smaps_rollup') as f:
            total += int(re.search(r'^Rss: +(\d+)', f.read(), re.M).group(1))
    return total / 1024


def worked(process):
    """seconds of processors that it and its children took"""
    total = 0
    for pid in family(process.pid):
        with open(f'/proc/{pid}/stat') as f:
            total += sum(int(n) for n in f.read().rpartition(')')[2].split()[11:13])
    return total / os.sysconf('SC_CLK_TCK')


class Policyd:
    name = 'policyd'

    def __init__(self, policyd, modules, tmp):
        self.port, folder = free_port(), os.path.join(tmp, 'ours')
        os.makedirs(folder, 0o755)
        token = put(folder, 'token', TOKEN + '\n')
        text = OURS.replace('actions: {', 'actions: { "policyd:evaluate": ,').replace('users: {', 'users: { "service:host": { roles: host }, ')
        text = text.replace('roles:\n', 'roles:\n  host: { allow: "policyd:evaluate" }\n', 1)
        text += f'modules: [ {{ use: token_file, for: bearer, unscoped: full, with: {{ file: "{token}" }}, subject: {{ type: service, id: host }} }} ]\n'
        put(folder, 'set.yaml', text, 0o644)
        conf = put(folder, 'policyd.yaml', f'policyd: 1\npolicy: {folder}/set.yaml\nmodules: {modules}\nread: [ "{folder}" ]\nthreads: 1\n'
                   f'listeners:\n  - {{ tcp: "127.0.0.1:{self.port}", serve: [authzen, health] }}\n', 0o644)
        self.log = open(os.path.join(folder, 'log'), 'w')
        self.process = subprocess.Popen([policyd, '-c', conf], stdout=self.log, stderr=self.log)

    def settle(self):
        for _ in range(200):
            try:
                return ask(self, '/access/v1/evaluation', question())[0] == 200
            except OSError:
                time.sleep(0.05)
        return False

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def headers():
    return [('Authorization', f'Bearer {TOKEN}')]


def ask(at, path, body):
    a = Wire(at.port).send(request(path=path, body=json.dumps(body).encode(), headers=headers())).answer()
    return (a.status, json.loads(a.body)) if a else (None, None)


def wrk(at, path, body, tmp, seconds):
    """requests a second, p50 and p99 in ms, wrong answers, us of a processor a request"""
    script = put(tmp, 'wrk.lua', f'wrk.method = "POST"\nwrk.body = [==[{json.dumps(body)}]==]\nwrk.headers["Content-Type"] = "application/json"\n'
                 f'wrk.headers["Authorization"] = "Bearer {TOKEN}"\n')
    before = worked(at.process)
    out = subprocess.run(['taskset', '-c', '1', 'wrk', '-t1', f'-c{CONNECTIONS}', f'-d{seconds}s', '--latency', '-s', script,
                          f'http://127.0.0.1:{at.port}{path}'], capture_output=True, text=True, check=True).stdout
    unit = {'us': 1e-3, 'ms': 1, 's': 1e3}
    p = {q: float(v) * unit[u] for q, v, u in re.findall(r'^ +(50|99)%\s+([\d.]+)(us|ms|s)$', out, re.M)}
    wrong = re.search(r'Non-2xx or 3xx responses: (\d+)', out)
    cpu = (worked(at.process) - before) / int(re.search(r'(\d+) requests in', out).group(1)) * 1e6
    return float(re.search(r'Requests/sec: +([\d.]+)', out).group(1)), p['50'], p['99'], int(wrong.group(1)) if wrong else 0, cpu


def said(values, form='.0f'):
    return f'min {min(values):{form}}, median {statistics.median(values):{form}}'


def work():
    """what -> (path, body, decisions in it)"""
    many = {'evaluations': [question(who, action, owner=owner) for who in ('alice', 'root') for action in ('read', 'list', 'write', 'delete', 'read')
                            for owner in ('alice', 'root', 'eve', 'bob', 'zoe')]}
    return {'one': ('/access/v1/evaluation', question('alice', 'write', owner='alice'), 1), 'batch': ('/access/v1/evaluations', many, 50)}


def measured(c, ours, cerbos, tmp, repeats, seconds):
    """(what, name) -> a row of wrk() for each repeat"""
    got = {}
    for what, (path, body, _) in work().items():
        c.check(f'{what}: answered', [200, 200], [ask(at, path, body)[0] for at in (ours, cerbos)])
        for _ in range(repeats):
            for at in (ours, cerbos):
                own_cpu(at.process, 0)
                got.setdefault((what, at.name), []).append(wrk(at, path, body, tmp, seconds))
    for (what, name), runs in got.items():
        c.check(f'{what}, {name}: all answered', 0, sum(r[3] for r in runs))
    return got


def compare(c, policyd, modules, tools, tmp, repeats, seconds):
    """(what measured() says, {name: MiB}); None: Cerbos is not there."""
    theirs = os.path.join(tools, 'cerbos', 'node_modules', '@cerbos', 'cerbos-linux-x64', 'cerbos-linux-x64')
    if not os.access(theirs, os.X_OK):
        return None
    ours = Policyd(policyd, modules, tmp)
    cerbos = Cerbos(types.SimpleNamespace(tmp=tmp, cerbos=theirs))
    cerbos.name = 'Cerbos'
    try:
        c.check('they run', (True, True), (ours.settle(), cerbos.settle()))
        got = measured(c, ours, cerbos, tmp, repeats, seconds)
        return got, {at.name: resident(at.process) for at in (ours, cerbos)}
    finally:
        ours.end()
        cerbos.end()


def main():
    policyd, modules, tools, tmp, *more = sys.argv[1:]
    repeats, seconds = int((more + [5])[0]), int((more + [5, 3])[1])
    c = Count()
    print(f'load before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; {repeats} repeats of {seconds} s, {CONNECTIONS} connections')
    found = compare(c, policyd, modules, tools, tmp, repeats, seconds)
    if found is None:
        c.skip(2, 'Cerbos (not in build/tools: ./bootstrap check installs it where npm is)')
        return c.finish()
    got, mib = found
    for (what, name), runs in got.items():
        rate, n = [r[0] for r in runs], work()[what][2]
        print(f'{what}, {name}: requests/s {said(rate)}; p50 {said([r[1] for r in runs], ".3f")} ms; p99 {said([r[2] for r in runs], ".3f")} ms; '
              f'processor {said([r[4] for r in runs], ".1f")} us a request' + (f'; decisions/s {said([r * n for r in rate])}' if n > 1 else ''))
    for what in work():
        a, b = got[what, 'policyd'], got[what, 'Cerbos']
        print(f'{what}: policyd / Cerbos {said([x[0] / y[0] for x, y in zip(a, b)], ".1f")} times; its p99 {statistics.median(r[2] for r in a):.3f} ms, '
              f'p50 of Cerbos {statistics.median(r[1] for r in b):.3f} ms')
    print(f'resident: policyd, both processes {mib["policyd"]:.1f} MB; Cerbos {mib["Cerbos"]:.1f} MB; load after {os.getloadavg()[0]:.1f}')
    return c.finish()


if __name__ == '__main__':
    sys.exit(main())

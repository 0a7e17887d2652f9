# SPDX-License-Identifier: Apache-2.0
"""Drivers: programs that put a workload's requests to one engine and print what it took, a JSON object a line.

    DRIVER WORKLOADDIR [--cpu N] [--requests N] [--repeats R] [--max-seconds S] [--decisions FILE] [--folder NAME]

An object has peer, config, set (fixed or stream), version, requests, repeats, min_ns, median_ns (passes back to back),
p50_ns, p99_ns (single calls), timer, wrong, load_ms, rss_kb, peak_kb, and may have percentiles: [[percent, ns], ...]
and further numbers, which are kept.
The file of decisions has a byte for each request, those of the fixed set before those of the stream: 1 allow, 0 deny,
. not asked.
"""
import json, os, signal, statistics, subprocess

PEERS = ('cedar', 'casbin', 'opa')
FOLDER_SEP = '-'                        # cedar-data is a folder for cedar too

# KiB that a peer needs to load a rule of the ladder, from shared measurements: enough to know what not to try.
NEEDS = {'cedar': 9.5, 'cedar-static': 9.5, 'cedar-template': 3, 'cedar-data': 3.5, 'casbin': .5, 'opa': 1.5,
         'opa-data': 1.5, 'opa-rules': 12}


class Absent(Exception):
    """Why a driver gave nothing; a sentence for people."""


def finish(command, timeout):
    """subprocess.run, but what the driver has started ends with it when its time is up."""
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, err = p.communicate(timeout=timeout)
    except BaseException:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        raise
    return subprocess.CompletedProcess(command, p.returncode, out, err)


class Driver:
    def __init__(self, name, program):
        self.name, self.program = name, program

    def ask(self, folder, cpu=None, requests=None, repeats=None, seconds=None, decisions=None, peer_folder=None,
            mode=None, timeout=300):
        command = [self.program, folder]
        for flag, v in (('--cpu', cpu), ('--requests', requests), ('--repeats', repeats), ('--max-seconds', seconds),
                        ('--decisions', decisions), ('--folder', peer_folder), ('--mode', mode)):
            if v is not None: command += [flag, str(v)]
        try:
            ended = finish(command, timeout)
        except subprocess.TimeoutExpired:
            raise Absent(f'no answer in {timeout} s') from None
        except OSError as e:
            raise Absent(f'does not start: {e.strerror}') from None
        rows = [json.loads(l) for l in ended.stdout.splitlines() if l.startswith('{')]
        for r in rows:
            if 'skipped' in r: raise Absent(r['skipped'])
        if ended.returncode or not rows:
            said = ended.stderr.strip().splitlines()
            why = f'signal {-ended.returncode}' if ended.returncode < 0 else f'status {ended.returncode}'
            raise Absent(f'failed ({why}){": " + said[-1][:120] if said else ""}')
        return rows


def find_ours(build):
    path = os.path.join(build, 'tests', 'bench', 'ours')
    return Driver('ours', path) if os.access(path, os.X_OK) else None


def find_peer(build, name):
    path = os.path.join(build, 'bench', 'peers', name)
    return Driver(name, path) if os.path.isfile(path) and os.access(path, os.X_OK) else None


def peer_folders(folder, name):
    """The folders of a workload that are for the peer NAME: its own name, or that and more."""
    return sorted(f for f in os.listdir(folder) if os.path.isdir(os.path.join(folder, f)) and
                  (f == name or f.startswith(name + FOLDER_SEP)))


def memory_kb(what='MemAvailable'):
    with open('/proc/meminfo', encoding='ascii') as f:
        for l in f:
            if l.startswith(what + ':'): return int(l.split()[1])
    return 0


def too_large(peer_folder, facts):
    need = facts.get('rules', 0) * NEEDS.get(peer_folder, 0) * 1.3
    return f'needs {need / 2**20:.0f} GiB, which are not free' if need > max(2**20, memory_kb()) else None


FIRST = ('peer', 'config', 'set', 'version', 'timer', 'requests')
LEAST, MIDDLE, MOST = ('min_ns',), ('median_ns', 'p50_ns', 'p99_ns', 'load_ms', 'rss_kb', 'peak_kb'), ('wrong',)


def numbers(rounds, key):
    return [r[key] for r in rounds if isinstance(r.get(key), (int, float))]


def combined(rounds):
    """One row of several rounds of the same configuration and set: min of the minima, median of the rest."""
    out = {k: rounds[0].get(k) for k in FIRST}
    for keys, how in ((LEAST, min), (MIDDLE, statistics.median), (MOST, max)):
        for k in keys:
            found = numbers(rounds, k)
            out[k] = how(found) if found else None
    medians = numbers(rounds, 'median_ns')
    out['spread'] = (max(medians) - min(medians)) / out['median_ns'] if medians and out['median_ns'] else 0
    out['rounds'] = len(rounds)
    out['repeats'] = sum(r.get('repeats') or 0 for r in rounds)
    tables = [dict((float(p), ns) for p, ns in r['percentiles']) for r in rounds if r.get('percentiles')]
    if tables:
        shared = sorted(set.intersection(*(set(t) for t in tables)))
        out['percentiles'] = [[p, statistics.median(t[p] for t in tables)] for p in shared]
    known = set(FIRST + LEAST + MIDDLE + MOST + ('repeats', 'percentiles', 'skipped'))
    more = {k: statistics.median(numbers(rounds, k)) for k in rounds[0] if k not in known and numbers(rounds, k)}
    if more: out['more'] = more
    return out


def by_set(calls):
    """(peer, config, set) -> the rounds of it, from the rows of several calls of one driver."""
    out = {}
    for rows in calls:
        for r in rows: out.setdefault((r['peer'], r['config'], r['set']), []).append(r)
    return out

# SPDX-License-Identifier: Apache-2.0
"""The real TorchServe behind nginx and policyd; and beside them one that guards itself.

usage: torchserve.py BUILD FOLDER
"""
import json
import os
import re
import subprocess
import sys
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..')
sys.path[:0] = [os.path.join(TOP, 'tests', 'daemon')]
from proxy_world import Count, free_port, put, send, settle  # noqa: E402
from torchserve_world import Nginx, World, bearer, refused  # noqa: E402

SHARED = os.environ.get('POLICY_SHARED', os.path.join(TOP, '..', 'shared'))
# of each answer; the rest are a server's name, dates and ids
HEADERS = ('content-type', 'content-length', 'www-authenticate')
PORTS = '''inference_address=http://127.0.0.1:{}
management_address=http://127.0.0.1:{}
metrics_address=http://127.0.0.1:{}
grpc_inference_port={}
grpc_management_port={}
token_expiration_min=60
enable_envvars_config=false
number_of_netty_threads=2
job_queue_size=10
default_workers_per_model=1
'''

# By what a request of the recording is, why we answer otherwise.
WHY = {
    'small letters': 'RFC 7235: the scheme of a credential is read in letters of any case',
    'query': 'a /token in the query of another path diverts nothing',
    'challenge': 'nginx passes on WWW-Authenticate where no key, or none that is known, was sent',
}


class TorchServe:
    def __init__(self, folder, name, *args):
        self.folder = os.path.join(folder, name)
        os.makedirs(os.path.join(self.folder, 'model_store'))
        self.ports = [free_port() for _ in range(5)]
        self.inference, self.management, self.metrics = (('127.0.0.1', p) for p in self.ports[:3])
        put(self.folder, 'config.properties', PORTS.format(*self.ports))
        self.env = dict(os.environ, TMPDIR=self.folder)
        self.run('--start', '--ncs', '--model-store', 'model_store', '--ts-config', 'config.properties', *args)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if send(self.metrics, 'GET', '/metrics').status == 200 and send(self.inference, 'GET', '/ping').status:
                return
            time.sleep(0.1)
        raise SystemExit('TorchServe does not start: ' + open(os.path.join(self.folder, 'out')).read()[-2000:])

    def run(self, *args):
        with open(os.path.join(self.folder, 'out'), 'ab') as out:
            subprocess.run(['torchserve', *args], cwd=self.folder, env=self.env, stdout=out, stderr=out, check=False, timeout=120)

    def keys(self):
        with open(os.path.join(self.folder, 'key_file.json')) as f:
            return {n: v['key'] for n, v in json.load(f).items()}

    def stop(self):
        self.run('--stop')


def shown(a):
    return (a.status, {n: ''.join(a.get(n)) for n in HEADERS if a.get(n)}, a.body)


# ---- the walk ----

def walk(t, w, nginx, ts):
    """Call by call: who gets what."""
    keys = w.keys()[0]
    inference, management = nginx.inference, nginx.management
    no = refused('Authorization')
    rows = []

    def row(what, at, method, target, key, status, text=None):
        a = send(at, method, target, bearer(key) if key else [], body=b'1' if method == 'POST' else None)
        t.check(what, status, a.status)
        if text is not None:
            t.check(what, text, a.body)
        rows.append(f'{a.status}  {method:8}{target:48}{what}')

    for name, at, path in (('inference', inference, '/ping'), ('management', management, '/models')):
        other = {'inference': 'management', 'management': 'inference'}[name]
        row(f'{name}: its key', at, 'GET', path, keys[name], 200)
        row(f'{name}: no key', at, 'GET', path, None, 400, no)
        row(f'{name}: a wrong key', at, 'GET', path, 'abcd1234', 400, no)
        row(f'{name}: {other} key', at, 'GET', path, keys[other], 400, no)
        row(f'{name}: API key', at, 'GET', path, keys['API'], 400, no)
    row('no such model', inference, 'POST', '/predictions/x', keys['inference'], 404)
    row('no such model, other key', inference, 'POST', '/predictions/x', keys['management'], 400, no)
    big = send(inference, 'POST', '/predictions/x', bearer(keys['inference']), b'x' * 3000000)
    t.check('three megabytes', 404, big.status)
    row('fetching a model', management, 'POST', '/models?url=https://models.example/m.mar', keys['management'], 400, no)
    row('a model of the store', management, 'POST', '/models?url=none.mar', keys['management'],
        send(ts.management, 'POST', '/models?url=none.mar', body=b'1').status)
    row('in other spellings', management, 'GET', '/models/../models', keys['management'], 400, no)
    row('description', management, 'GET', '/api-description', None, 200)
    row('description', inference, 'OPTIONS', '/', None, 200)
    for kind, at, path in (('inference', inference, '/ping'), ('management', management, '/models')):
        row(f'rotate {kind}: no key', management, 'GET', f'/token?type={kind}', None, 400, refused('Authentication'))
        row(f'rotate {kind}: its own key', management, 'GET', f'/token?type={kind}', keys[kind], 400, refused('Authentication'))
        row(f'rotate {kind}: API key', management, 'GET', f'/token?type={kind}', keys['API'], 200, b'\n')
        now = w.keys()[0]
        row(f'{kind}: the new key', at, 'GET', path, now[kind], 200)
        row(f'{kind}: the old key', at, 'GET', path, keys[kind], 400, no)
        keys = now
    row('rotate nothing', management, 'GET', '/token?type=bogus', keys['API'], 400, refused('Authentication'))
    row('not on this port', inference, 'GET', '/token?type=management', keys['API'], 400, no)
    print('\n'.join(rows))


def expiry(t, build, folder, ts):
    w = World(build, folder, settings=[('token_expiration_min: 60', 'token_expiration_min: 0.05')])
    w.start()
    nginx = Nginx(w, ts.inference[1], ts.management[1])
    try:
        keys = w.keys()[0]
        end = time.monotonic() + 30
        while send(nginx.inference, 'GET', '/ping', bearer(keys['inference'])).status == 200 and time.monotonic() < end:
            time.sleep(0.1)
        a = send(nginx.inference, 'GET', '/ping', bearer(keys['inference']))
        t.check('a key that has ended', (400, refused('Authorization')), (a.status, a.body))
        t.check('another', 200, send(nginx.management, 'GET', '/token?type=inference', bearer(keys['API'])).status)
        t.check('is good', 200, send(nginx.inference, 'GET', '/ping', bearer(w.keys()[0]['inference'])).status)
        print('400  a key that has ended; 200  a new one')
        w.stop()
        t.check('policyd is gone', 503, send(nginx.inference, 'GET', '/ping', bearer(keys['inference'])).status)
        t.check('and the key file', False, os.path.exists(w.file))
        print('503  policyd is gone, and its key file')
    finally:
        nginx.stop()
        w.stop()


# ---- the same of both ----

def spellings(text):
    """Requests of a recording: (port, method, target, headers, body), which key is meant, what was answered."""
    keys = re.search(r'"key": "([^"]+)"[^{]*\{\s*"key": "([^"]+)"[^{]*\{\s*"key": "([^"]+)"', text)
    named = dict(zip(keys.groups(), ('management', 'inference', 'API')))
    for m in re.finditer(r'^--- (.*)\n(?:HTTP/1\.1 (\d+) .*\n((?:[^\n]+\n)*)\n((?:(?!---|file after).*\n)*))?', text, re.M):
        method = re.search(r'-X (\w+)', m[1])
        url = re.search(r'http://127\.0\.0\.1:(\d+)(\S*)', m[1])
        auth = re.search(r'-H Authorization: (.*?)(?: -|$)', m[1])
        data = '-d 1' in m[1]
        if m[2] is None:
            continue
        yield (int(url[1]), method[1] if method else 'GET', url[2] or '/', auth[1] if auth else None, b'1' if data else None,
               named, int(m[2]), dict(re.findall(r'^([a-z-]+): (.*)$', m[3], re.M | re.I)), m[4])


def say(auth, named, keys):
    """The recorded credential, with the keys of today."""
    if auth is None:
        return []
    scheme, gap, key = re.fullmatch(r'(\S+)(\s+)(\S+)', auth).groups()
    return [('Authorization', scheme + gap + keys.get(named.get(key), key))]


def replay(t, w, nginx, real, recording):
    """Recorded; asked of TorchServe as it guards itself; asked of us."""
    n = same = 0
    for port, method, target, auth, data, named, status, headers, text in spellings(recording):
        if port % 10 == 2:
            continue
        ours, theirs = (nginx.inference, real.inference) if port % 10 == 0 else (nginx.management, real.management)
        rotates = target.startswith('/token') and status == 200
        a = send(theirs, method, target, say(auth, named, real.keys()), data)
        b = send(ours, method, target, say(auth, named, w.keys()[0]), data)
        n += 1
        what = f'{method} {target} {auth or ""}'
        big = '<OpenAPI' in text
        t.check(f'{what}: TorchServe as it was recorded', (status, True), (a.status, big or a.body.strip() == text.strip().encode()))
        x, y = shown(a), shown(b)
        why = None
        if auth is not None and auth.startswith('bearer'):
            why = 'small letters'
            t.check(f'{what}: {why}', (400, 200), (a.status, b.status))
        elif '/token' in target.partition('?')[2]:
            why = 'query'
            t.check(f'{what}: {why}', (400, 200), (a.status, b.status))
        elif x != y and 'www-authenticate' in y[1]:
            why = 'challenge'
            y[1].pop('www-authenticate')
            t.check(f'{what}: but for the challenge', x, y)
        else:
            t.check(f'{what}: the same', x, y)
            same += 1
        if why:
            print(f'differs: {what}: {WHY[why]}')
        if rotates:
            t.check(f'{what}: a new key', True, w.keys() is not None)
    print(f'{n} recorded requests, {same} answered the same, {n - same} listed')
    t.check('requests were replayed', True, n > 15)


def proxied(t, w, nginx, recording):
    """What nginx with another decision point answered before the same TorchServe."""
    named = {'gNRuA7dS': 'inference', 'B-E5KSRM': 'management'}
    n = 0
    for m in re.finditer(r'^--- http://127\.0\.0\.1:1978(\d)(\S+)(.*)\nHTTP/1\.1 (\d+)', recording, re.M):
        auth = re.search(r'Authorization: Bearer (\S+)', m[3])
        a = send(nginx.inference if m[1] == '0' else nginx.management, 'POST' if '-d 1' in m[3] else 'GET', m[2],
                 bearer(w.keys()[0][named[auth[1]]]) if auth else [], b'1' if '-d 1' in m[3] else None)
        wanted = int(m[4])
        n += 1
        if m[2] == '/ping':
            print('differs: /ping without a key: here the inference port is as TorchServe has it; /auth/default leaves it open')
            wanted = 400
        elif wanted in (401, 403):
            print(f'differs: {m[2]}: a refusal is {wanted} there, for want of an error_page, and TorchServe\'s 400 here')
            wanted = 400
        t.check(f'{m[2]}{m[3]}', wanted, a.status)
    t.check('proxied requests were replayed', True, n >= 7)


def main(build, folder):
    t = Count()
    os.mkdir(os.path.join(folder, 'a'))
    os.mkdir(os.path.join(folder, 'b'))
    started = []
    w = World(build, os.path.join(folder, 'a'))
    try:
        real = TorchServe(folder, 'guards-itself')
        started.append(real)
        open_ = TorchServe(folder, 'is-guarded', '--disable-token-auth')
        started.append(open_)
        w.start()
        nginx = Nginx(w, open_.inference[1], open_.management[1])
        started.append(nginx)
        walk(t, w, nginx, open_)
        if os.path.isdir(SHARED):
            facts = os.path.join(SHARED, 'facts', 'exchanges')
            replay(t, w, nginx, real, open(os.path.join(facts, 'torchserve.txt')).read())
            proxied(t, w, nginx, open(os.path.join(facts, 'nginx-torchserve.txt')).read())
        else:
            t.skip(2, 'no recordings')
        w.stop()
        expiry(t, build, os.path.join(folder, 'b'), open_)
    finally:
        w.stop()
        for s in reversed(started):
            s.stop()
    return t.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))

# SPDX-License-Identifier: Apache-2.0
"""TorchServe's keys as policyd makes them: /token, the file, the switch, kills.

usage: torchserve.py BUILD FOLDER
"""
import calendar
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

from proxy_world import TOP, Count, put, send, substitute
from torchserve_world import INSTANT, NOT_FOUND, World, bearer, body, refused

KILLS = int(os.environ.get('TORCHSERVE_KILLS', '30'))
SWITCH = 'TS_DISABLE_TOKEN_AUTHORIZATION'


def left(instant):
    """Seconds until then"""
    return calendar.timegm(time.strptime(instant[:19], '%Y-%m-%dT%H:%M:%S')) - time.time()


def refusals(t, w, keys):
    good = bearer(keys['API'])
    cases = [('no key', '/token?type=management', []), ('wrong', '/token?type=management', bearer('abcd1234')),
             ('management key', '/token?type=management', bearer(keys['management'])),
             ('inference key', '/token?type=inference', bearer(keys['inference'])),
             ('two', '/token?type=management', good + good), ('no scheme', '/token?type=management', [('Authorization', keys['API'])]),
             ('Basic', '/token?type=management', [('Authorization', 'Basic YTpi')]),
             ('elsewhere', '/token?type=management', [('X-API-Key', keys['API'])])]
    cases += [(q, '/token' + q, good) for q in ('', '?', '?type', '?type=', '?type=bogus', '?type=API', '?type=api', '?type=token_api',
                                                '?type=Management', '?type=management%00', '?type=management&type=inference',
                                                '?type=managementx', '?xtype=management', '?type=%6danagement', '?a=/token')]
    for name, target, headers in cases:
        for method in ('GET', 'POST'):
            a = send(w.token, method, target, headers)
            t.check(f'{method} {name}', (400, ['application/json'], [], refused('Authentication')),
                    (a.status, a.get('content-type'), a.get('www-authenticate'), a.body))
    for method in ('PUT', 'DELETE', 'PATCH', 'OPTIONS'):
        a = send(w.token, method, '/token?type=management', good)
        t.check(method, (405, 'GET, POST'), (a.status, ''.join(a.get('allow'))))
    for target in ('/token/', '/tokens', '//token', '/./token', '/%74oken', '/models?x=/token', '/'):
        t.check(target, 404, send(w.token, 'GET', target + ('&' if '?' in target else '?') + 'type=management', good).status)
    t.check('nothing was changed by that', keys, w.keys()[0])


def rotations(t, w):
    keys, ends = w.keys()
    api = keys['API']
    t.check('ends', [True, True, None], [INSTANT.fullmatch(ends[n]) is not None if ends[n] else None for n in ('management', 'inference', 'API')])
    t.check('in an hour', True, all(3500 < left(ends[n]) < 3601 for n in ('management', 'inference')))
    t.check('three keys', 3, len(set(keys.values())))
    t.check('in base64url', True, all(re.fullmatch(r'[A-Za-z0-9_-]{43}', k) for k in keys.values()))
    ports = {'management': ('GET', '/models'), 'inference': ('POST', '/predictions/x')}
    for (kind, (method, path)), how in itertools.product(ports.items(), ('GET', 'POST', 'GET')):
        before = w.keys()[0]
        t.check(f'{kind}: good', 200, w.may(kind, method, path, bearer(before[kind])))
        a = w.rotate(kind, api, how)
        t.check(f'{kind}: rotated', (200, ['application/json'], ['1'], b'\n'),
                (a.status, a.get('content-type'), a.get('content-length'), a.body))
        after = w.keys()[0]
        t.check(f'{kind}: a new key', True, after[kind] not in before.values())
        t.check('the others stay', [before[n] for n in before if n != kind], [after[n] for n in after if n != kind])
        # at once: the answer was sent
        t.check(f'{kind}: the new one is good', 200, w.may(kind, method, path, bearer(after[kind])))
        t.check(f'{kind}: the old one is not', 401, w.may(kind, method, path, bearer(before[kind])))
    a = send(w.token, 'POST', '/token?a=b&type=inference&c', bearer(api), body=b'{"type":"management"}')
    t.check('among others', (200, before['management']), (a.status, w.keys()[0]['management']))
    t.check('bearer in small letters', 200, send(w.token, 'GET', '/token?type=inference', [('authorization', 'bearer   ' + api)]).status)
    keys = w.keys()[0]
    other = {'management': 'inference', 'inference': 'management'}
    for kind, (method, path) in ports.items():
        t.check(f'{other[kind]} key on {kind}', 403, w.may(kind, method, path, bearer(keys[other[kind]])))
        t.check(f'API key on {kind}', 403, w.may(kind, method, path, bearer(api)))
        t.check(f'no key on {kind}', 401, w.may(kind, method, path))
    t.check('no secret in the log', [], [k for k in keys.values() if k in open(w.log).read()])


def storm(t, w):
    """Many at once: all are answered, and the last ones are good."""
    api, failed = w.keys()[0]['API'], []

    def work(kind):
        for _ in range(15):
            a = w.rotate(kind, api)
            if a.status != 200 or w.keys() is None:
                failed.append((a.status, a.body))

    threads = [threading.Thread(target=work, args=(k,)) for k in ('management', 'inference') * 2]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    t.check('all at once', [], failed)
    keys = w.keys()[0]
    t.check('and good', [200, 200], [w.may('management', 'GET', '/models', bearer(keys['management'])),
                                     w.may('inference', 'GET', '/ping', bearer(keys['inference']))])


def runs(t, build, folder):
    """New keys at each start, none behind the end"""
    w = World(build, folder)
    put(folder, 'key_file.json.0123456789abcdef', 'left by a kill')
    put(folder, 'key_file.json.keep', 'not ours')
    put(folder, 'key_file.json', 'an old one, and not even JSON', 0o644)
    w.start()
    first = w.keys()
    t.check('a new file', True, first is not None)
    t.check('what a kill left is gone', False, os.path.exists(w.file + '.0123456789abcdef'))
    t.check('what is not ours is not', True, os.path.exists(w.file + '.keep'))
    refusals(t, w, first[0])
    rotations(t, w)
    storm(t, w)
    keys = w.keys()[0]
    os.kill(w.front(), signal.SIGKILL)
    t.check('another front', 200, w.rotate('inference', keys['API']).status)
    w.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    t.check('a reload keeps them', (200, keys['API']), (w.rotate('inference', keys['API']).status, w.keys()[0]['API']))
    t.check('the end', (0, False), (w.stop(), os.path.exists(w.file)))
    t.check('nothing is left', ['key_file.json.keep'], [n for n in os.listdir(folder) if n.startswith('key_file')])
    w.start()
    t.check('new ones', True, not set(w.keys()[0].values()) & set(first[0].values()))
    w.stop(signal.SIGKILL)
    t.check('a kill leaves it', True, w.keys() is not None)
    old = w.keys()[0]
    w.start()
    t.check('the next makes others', True, not set(w.keys()[0].values()) & set(old.values()))
    w.stop(signal.SIGINT)
    t.check('SIGINT', False, os.path.exists(w.file))


def expiry(t, build, folder):
    w = World(build, folder, with_=', length: 8', settings=[('token_expiration_min: 60', 'token_expiration_min: 0.05')])
    w.start()
    keys, ends = w.keys()
    t.check('as short as TorchServe has them', [8] * 3, [len(k) for k in keys.values()])
    t.check('3 seconds', True, left(ends['inference']) < 4)
    end = time.monotonic() + 30
    while w.may('inference', 'GET', '/ping', bearer(keys['inference'])) == 200 and time.monotonic() < end:
        time.sleep(0.1)
    t.check('it ends', (401, True), (w.may('inference', 'GET', '/ping', bearer(keys['inference'])), left(ends['inference']) <= 0))
    t.check('nothing is written for that', (keys, ends), w.keys())
    t.check('the API key does not', 200, w.rotate('inference', keys['API']).status)
    keys, ends = w.keys()
    t.check('another', 200, w.may('inference', 'GET', '/ping', bearer(keys['inference'])))
    t.check('as short', 8, len(keys['inference']))
    w.stop()


def switch(t, build, folder):
    """Environment (where it is read), argument, file: the first that says something."""
    rows = 0
    for listens, env, flag, conf in itertools.product((False, True), (None, 'true', 'TRUE', 'false', 'yes', ''), (False, True), (False, True)):
        here = os.path.join(folder, str(rows))
        os.mkdir(here)
        w = World(build, here, settings=[
            ('disable_token_authorization: false', f'disable_token_authorization: {str(conf).lower()}'),
            ('enable_envvars_config: false', f'enable_envvars_config: {str(listens).lower()}')])
        is_off = env.lower() == 'true' if listens and env is not None else flag or conf
        put(here, 'key_file.json', 'of an earlier run')
        w.start(*(['--disable-token-auth'] if flag else []), env={SWITCH: env} if env is not None else {})
        said = open(w.log).read()
        ready = send(w.token, 'GET', '/health/ready').json()
        a = send(w.token, 'GET', '/token?type=management', bearer('x'))
        t.check(f'{listens} {env} {flag} {conf}', (is_off, not is_off, 404 if is_off else 400, NOT_FOUND if is_off else refused('Authentication'),
                                                   200 if is_off else 401, not is_off),
                ('is disabled by' in said, ready['enabled'], a.status, a.body, w.may('management', 'GET', '/models'), os.path.exists(w.file)))
        w.stop()
        rows += 1
    print(f'{rows} settings of the switch')


def seed(t, build, folder):
    """The two examples of TorchServe's own text."""
    for name, conf, args in (('one', 'false', ['--disable-token-auth']), ('two', 'true', [])):
        here = os.path.join(folder, name)
        os.mkdir(here)
        w = World(build, here, settings=[('disable_token_authorization: false', f'disable_token_authorization: {conf}')])
        w.start(*args)
        t.check(f'example {name}: disabled', (200, 200, 404), (w.may('inference', 'POST', '/predictions/x'), w.may('management', 'GET', '/models'),
                                                              send(w.token, 'GET', '/token?type=inference').status))
        w.stop()
        # without a keeper likewise
        w.start('-n', *args)
        t.check(f'example {name}: alone', (200, 404), (w.may('management', 'GET', '/models'), send(w.token, 'GET', '/token').status))
        w.stop()


def recorded(t, build, folder):
    """Each rotation, and each that was refused, is a decision in the log; no key is."""
    logs = os.path.join(folder, 'audit')
    os.mkdir(logs, 0o700)
    w = World(build, folder, more=f'write: [ {logs} ]\n')
    with open(os.path.join(w.set, 'policy.yaml')) as f:
        put(w.set, 'policy.yaml', f.read() + f'audit: {{ file: {logs}/log }}\n', 0o644)
    w.start()
    seen = set(w.keys()[0].values())
    api = w.keys()[0]['API']
    for _ in range(5):
        t.check('recorded', 200, w.rotate('inference', api).status)
        seen |= set(w.keys()[0].values())
    t.check('refused', 400, w.rotate('management', 'a-wrong-key').status)
    w.stop()
    text = open(os.path.join(logs, 'log')).read()
    lines = [x for x in map(json.loads, text.splitlines()) if x.get('action') == 'keys:rotate']
    t.check('decisions', [('api', 'inference', 'allow')] * 5 + [(None, 'management', 'deny')],
            [(x.get('subject'), x['resource'], x['decision']) for x in lines])
    t.check('no key in the log', [], [k for k in seen | {'a-wrong-key'} if k in text])


def alone(t, build, folder):
    w = World(build, folder)
    w.start('-n')
    t.check('no keeper, no keys', (501, body(501, 'NotImplementedException', 'This server makes no keys.')),
            (lambda a: (a.status, a.body))(w.rotate('inference', 'x' * 43)))
    w.stop()


def wrong(t, build, folder):
    """Refused with a sentence"""
    w = World(build, folder)
    good = w.text
    rows = [(f'key_file: {w.file}', f'key_file: {folder}/elsewhere', 'wanted the file of the step'),
            ('step: torchserve', 'step: other', "there is no step 'other'"),
            ('step: torchserve', 'step: ""', 'step: found ""'),
            ('        step: torchserve\n', '', 'the key "step" is wanted here'),
            (f'key_file: {w.file}', 'key_file: here', 'wanted a path from the root'),
            ('enable_envvars_config: false', 'enable_envvars_config: no', 'wanted true or false'),
            ('serve: [torchserve, health]', 'serve: [health]', 'profiles: found torchserve where serve has none'),
            ('serve: [torchserve, health]', 'serve: [torchserve, authzen]', 'wanted another policyd for it'),
            ('serve: [proxy]', 'serve: [proxy, torchserve]', 'as profiles: { torchserve: { step: NAME')]
    rows += [('token_expiration_min: 60', f'token_expiration_min: {v}', 'wanted minutes as 60 or 0.5')
             for v in ('0', '-1', '.5', '1.', '1e3', '60m', 'true', '0.001', '525601', '99999999999999999999999', '1.2.3', '" 1"')]
    for old, new, said in rows:
        put(folder, 'policyd.yaml', substitute(good, [(old, new)]), 0o644)
        how = w.start(check=False)
        text = open(w.log).read()
        t.check(f'{new.strip()}', (True, True), (how is not None and how.startswith('ends with '), said in text))
        if said not in text:
            print(text[-500:])
        w.process = None
    t.check('no keys are left', False, os.path.exists(w.file))


def kills(t, build, folder):
    """kill -9 of the keeper in the middle of rotations: a whole file, 0600, of old or new keys."""
    w = World(build, folder)
    torn = foreign = made = 0
    rng = random.Random(7)
    for _ in range(KILLS):
        w.start()
        keys = w.keys()[0]
        seen, over = {keys['inference']}, threading.Event()

        def work():
            nonlocal made
            while not over.is_set():
                try:
                    if w.rotate('inference', keys['API']).status == 200:
                        made += 1
                except OSError:
                    return

        threads = [threading.Thread(target=work) for _ in range(2)]
        for x in threads:
            x.start()
        time.sleep(rng.random() * 0.2)
        w.stop(signal.SIGKILL)
        over.set()
        for x in threads:
            x.join()
        after = w.keys()
        if after is None:
            torn += 1
        elif after[0]['management'] != keys['management'] or after[0]['API'] != keys['API']:
            foreign += 1
    t.check('whole, and 0600', 0, torn)
    t.check('keys that were not asked for stay', 0, foreign)
    t.check('keys were made', True, made > KILLS)
    w.start()
    t.check('the next start leaves nothing of theirs', ['key_file.json'], [n for n in os.listdir(folder) if n.startswith('key_file')])
    w.stop()
    print(f'{KILLS} kills, {made} rotations')


def real(t, build):
    """Before the real TorchServe, where tests/live/torchserve/run was once and has installed it."""
    if not os.path.exists(os.path.join(build, 'tools', 'live-torchserve', 'bin', 'torchserve')):
        return t.skip(1, 'the real TorchServe is not installed: tests/live/torchserve/run does that')
    out = subprocess.run([os.path.join(TOP, 'tests', 'live', 'torchserve', 'run')], stdout=subprocess.PIPE, text=True, check=False,
                         env=dict(os.environ, top_builddir=build)).stdout
    passed, failed, skipped = re.fullmatch(r'(\d+) passed, (\d+) failed(?:, (\d+) skipped)?', out.splitlines()[-1]).groups()
    print('\n'.join(x for x in out.splitlines()[:-1] if int(failed) or x.startswith(('failed', 'skipped', 'differs'))))
    t.passed, t.failed, t.skipped = t.passed + int(passed), t.failed + int(failed), t.skipped + int(skipped or 0)


def main(build, folder):
    t = Count()
    for n, part in enumerate((runs, expiry, switch, seed, recorded, alone, wrong, kills)):
        here = os.path.join(folder, str(n))
        os.mkdir(here)
        part(t, build, here)
    real(t, build)
    return t.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))

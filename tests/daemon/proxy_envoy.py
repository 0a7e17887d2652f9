# SPDX-License-Identifier: Apache-2.0
"""Envoy with the configuration of policyd(8), by a unix socket and by TCP, and with bodies.

usage: proxy_envoy.py BUILD FOLDER
"""
import json
import os
import subprocess
import sys

import proxy_clients
import proxy_tests as tests
from proxy_world import App, Count, Policyd, Quiet, documented, free_port, put, send, settle, substitute, token


class Envoy:
    def __init__(self, build, folder, name, text, pairs):
        self.at = ('127.0.0.1', free_port())
        conf = put(folder, name + '.yaml', substitute(text, pairs + [
            ('address: 0.0.0.0, port_value: 80 ', f'address: 127.0.0.1, port_value: {self.at[1]} '), ('timeout: 12s', 'timeout: 1s')]))
        self.log = os.path.join(folder, name + '.log')
        self.process = subprocess.Popen([os.path.join(build, 'tools', 'proxies', 'envoy', '_bin', 'envoy'), '-c', conf, '--disable-hot-restart',
                                         '--concurrency', '1', '--log-path', self.log, '-l', 'warning'])
        wrong = settle(self.at, self.process, 60)
        if wrong:
            sys.exit(f'envoy {wrong}: ' + open(self.log).read()[-2000:])

    def stop(self):
        self.process.terminate()
        self.process.wait()


def bodies(t, app, at):
    """What a route asks of the body: whole, JSON, and within the limit; else nothing is allowed."""
    ann, kind = tests.bearer(tests.ANN), ('Content-Type', 'application/json')
    small = json.dumps({'model': 'small'}).encode()
    rows = [
        ('small', [kind], small, 200), ('with a charset', [('content-type', 'Application/JSON; charset=utf-8')], small, 200),
        ('large', [kind], small.replace(b'small', b'large'), 403), ('of nobody', None, small, 401),
        ('no JSON', [kind], small + b'x', 403), ('cut', [kind], small[:-1], 403), ('empty', [kind], b'', 403), ('none', [kind], None, 403),
        ('twice', [kind], b'{"model": "small", "model": "large"}', 403), ('escaped twice', [kind], b'{"model": "small", "mod\\u0065l": "large"}', 403),
        ('a list', [kind], b'["small"]', 403), ('a number', [kind], b'{"model": 1}', 403), ('null', [kind], b'{"model": null}', 403),
        ('a list of one', [kind], b'{"model": ["small"]}', 403), ('deeper', [kind], b'{"x": {"model": "small"}}', 403),
        ('other case', [kind], b'{"Model": "small"}', 403), ('not UTF-8', [kind], b'{"model": "small", "x": "\xff"}', 403),
        ('UTF-16', [kind], '{"model": "small"}'.encode('utf-16'), 403), ('with a mark', [kind], b'\xef\xbb\xbf' + small, 403),
        ('deep', [kind], b'{"model": "small", "x": ' + b'[' * 300 + b']' * 300 + b'}', 403),
        ('of no type', [], small, 403), ('of a form', [('Content-Type', 'application/x-www-form-urlencoded')], small, 403),
        ('of two types', [kind, ('Content-Type', 'text/plain')], small, 403), ('almost', [('Content-Type', 'application/jsonx')], small, 403),
        ('packed', [kind, ('Content-Encoding', 'gzip')], small, 403), ('at the limit', [kind], small + b' ' * (1024 - len(small)), 200),
        ('beyond it', [kind], small + b' ' * (1025 - len(small)), 413),
        ('said to be whole', [kind, ('x-envoy-auth-partial-body', 'false')], small, 200),
    ]
    for name, headers, body, wanted in rows:
        answer = send(at, 'POST', '/v1/chat', [ann] + headers if headers is not None else [kind], body)
        seen = app.take()
        t.check(f'a body {name}', (wanted, int(wanted == 200)), (answer.status, len(seen)))
        if wanted == 200:
            t.check(f'a body {name}: goes on as it was', [body], [s[3] for s in seen])
    t.check('elsewhere a body is nobody\'s business', (200, [b'\0x']),
            (send(at, 'POST', '/v1/models/m1', [ann], b'\0x').status, [s[3] for s in app.take()]))


def partial(t, app, at):
    """A proxy that was told to pass on the beginning of bodies: routes that need one allow nothing."""
    ann, kind = tests.bearer(tests.ANN), ('Content-Type', 'application/json')
    small = b'{"model": "small"}'
    for name, body, wanted in (('whole', small, 200), ('cut', small + b' ' * 2000 + b'{"model": "large"}', 403)):
        t.check(f'a body that is {name}', wanted, send(at, 'POST', '/v1/chat', [ann, kind], body).status)
        app.take()
    for headers in ([('x-envoy-auth-partial-body', 'false')], [('X-Envoy-Auth-Partial-Body', 'false')] * 2):
        t.check('a cut one said to be whole', 403,
                send(at, 'POST', '/v1/chat', [ann, kind] + headers, small + b' ' * 2000).status)
    t.check('none of them went on', [], app.take())


def main(build, folder):
    t, app, policyd, proxies = Count(), App(), Policyd(folder, build), []
    text, body, address, caller = documented('ENVOY')
    application = ('127.0.0.1, port_value: 8080', f'127.0.0.1, port_value: {app.port}')
    unix = [application, ('/run/policyd/proxy.sock', policyd.unix)]
    tcp = [application, ('{ pipe: { path: /run/policyd/proxy.sock } }', address.strip().partition(': ')[2]),
           ('port_value: 8182', f'port_value: {policyd.port}'),
           ('                authorization_response:\n', caller + '                authorization_response:\n'),
           ('"TOKEN"', '"' + token('proxy', 'machines') + '"')]
    with_body = ('              http_service:\n', body + '              http_service:\n')
    try:
        proxies.append(Envoy(build, folder, 'unix', text, unix))
        proxies.append(Envoy(build, folder, 'tcp', text, tcp + [with_body, ('65536', '1024')]))
        for e in proxies:
            tests.matrix(t, app, e.at)
            tests.identity(t, app, e.at)
        tests.uploads(t, app, proxies[0].at)
        tests.sweep(t, app, proxies[0].at)
        tests.confusion(t, app, proxies[1].at)
        bodies(t, app, proxies[1].at)
        answer = send(proxies[0].at, 'POST', '/v1/chat', [tests.bearer(tests.ANN), ('Content-Type', 'application/json')], b'{"model": "small"}')
        t.check('where no bodies are sent none is looked at', (403, []), (answer.status, app.take()))
        proxy_clients.run(t, build, folder, proxies[1].at)
        app.take()
        tests.gone(t, app, proxies[1].at, policyd)
        proxies.append(Envoy(build, folder, 'partial', text, unix + [with_body, ('65536, allow_partial_message: false',
                                                                               '1024, allow_partial_message: true')]))
        partial(t, app, proxies[2].at)
        # What the manual has for it is needed, and seen to be.
        lax = ('x[^a-z0-9]policy.*', 'x-nothing')
        proxies.append(Envoy(build, folder, 'lax', text, unix + [lax]))
        seen = Quiet()
        tests.identity(seen, app, proxies[-1].at)
        t.check('an Envoy that lets such headers through is noticed', True, seen.failed > 0)
    finally:
        for e in proxies:
            e.stop()
        policyd.stop()
    return t.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))

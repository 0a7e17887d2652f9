#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server of policyd. server.py POLICYD MODULES TMP; last line: N passed, N failed."""
import base64
import os
import re
import signal
import socket
import struct
import sys

import http_heads
import http_tls
from http_world import BODY, EVALUATION, LIVE, Count, Wire, World, bearer, free_port, request


def routes(c, w):
    for what, wanted, raw in (
            ('its path', 200, LIVE), ('with a query', 200, request('GET', '/health/live?a=b', body=None)),
            ('another method', 405, request('POST', '/health/live')),
            ('in lower case', 405, request('get', '/health/live', body=None))):
        c.check(what, wanted, w.tcp().send(raw).status())
    c.check('HEAD', 405, w.tcp().send(request('HEAD', '/health/live', body=None)).answer(False).status)
    c.check('methods there are', 'GET', w.tcp().send(request('DELETE', '/health/live')).answer()['Allow'])
    for path in ('/', '//health/live', '/health//live', '/health/live/', '/health/./live', '/health/live/.', '/x/../health/live',
                 '/health%2flive', '/health/%6cive', '/health/live%00', '/health/live;a', '/Health/live', '/health/liv', '/health/livee',
                 '/health\\live', '/health/live%', '/health/live%0d%0aX:1'):
        c.check(path, 404, w.tcp().send(request('GET', path, body=None)).status())
    one = w.unix().send(LIVE * 3)
    c.check('three in a row', [200, 200, 200], [one.status() for _ in range(3)])
    one.send(request('GET', '/none', body=None) + request('POST', '/none') + LIVE)
    c.check('and on after a 404', [404, 404, 200], [one.status() for _ in range(3)])
    old = w.tcp().send(request('GET', '/health/live', body=None, version='HTTP/1.0'))
    c.check('HTTP/1.0', 200, old.status())
    c.check('and closed', True, old.is_closed())


def answers(c, w):
    one = w.unix()
    a = one.send(LIVE).answer()
    for name, wanted in (('Content-Type', 'application/json'), ('Cache-Control', 'no-store'), ('X-Content-Type-Options', 'nosniff')):
        c.check(name, wanted, a[name])
    c.check('Date', True, a['Date'] is not None)
    ids = {one.send(LIVE).answer()['X-Request-ID'] for _ in range(100)}
    c.check('ids of our own', (100, True), (len(ids), all(re.fullmatch('[0-9a-f]{32}', i) for i in ids)))

    def echo(*headers):
        return one.send(request('GET', '/health/live', headers, body=None)).answer()

    for sent in ('a', 'x' * 128, '!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~'):
        c.check('an id that was sent', sent, echo(('X-Request-ID', sent))['X-Request-ID'])
        c.check('in other letters', sent, echo(('x-request-id', sent + ' '))['X-Request-ID'])
    for sent in (('x' * 129,), ('a b',), ('\xe4',), ('',), ('a', 'b')):
        got = echo(*(('X-Request-ID', s) for s in sent))['X-Request-ID']
        c.check(f'one that is none: {sent}', True, re.fullmatch('[0-9a-f]{32}', got) is not None)
    trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    c.check('a trace', trace, echo(('traceparent', trace))['traceparent'])
    for sent in (trace.upper(), trace + '-', trace[:-1], '01' + trace[2:], trace.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0' * 32),
                 trace.replace('00f067aa0ba902b7', '0' * 16), trace.replace('-', '_')):
        c.check(f'none: {sent}', None, echo(('traceparent', sent))['traceparent'])
    c.check('two of them', None, echo(('traceparent', trace), ('traceparent', trace))['traceparent'])


def bodies(c, w):
    good = (bearer('pass:host'),)
    one = w.tcp()
    c.check('a body', 200, one.send(request(headers=good)).status())
    c.check('of the most', True, one.send(request(headers=good, body=b' ' * 4096)).status() != 413)
    c.check('one more', 413, one.send(request(headers=good, body=b' ' * 4097)).status())
    c.check('and on', 200, one.send(request(headers=good)).status())
    c.check('piece by piece', 413, one.send(request(headers=good, body=b' ' * 300000)).status())
    c.check('and on', 200, one.send(request(headers=good)).status())
    head = f'POST {EVALUATION} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer pass:host\r\nContent-Type: application/json\r\n'.encode()
    asks = w.tcp().send(head + b'Expect: 100-continue\r\nContent-Length: %d\r\n\r\n' % len(BODY))
    c.check('asked for', 100, asks.status())
    c.check('and taken', 200, asks.send(BODY).status())
    asks = w.tcp().send(head + b'Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n')
    c.check('not asked for', (413, True), (asks.status(), asks.is_closed()))
    asks = w.tcp().send(head.replace(b'host\r', b'nobody\r') + b'Expect: 100-continue\r\nContent-Length: 9\r\n\r\n')
    c.check('nor from who may not', (403, True), (asks.status(), asks.is_closed()))
    one.send(request('GET', '/health/live', [('Expect', '100-continue')], body=None) +
             request('GET', '/health/live', [('Expect', '100-Continue'), ('Content-Length', '0')], body=None) + LIVE)
    c.check('no body, so none is asked for', [200, 200, 200], [one.status() for _ in range(3)])
    vast = w.tcp().send(head + b'Content-Length: 99999999999\r\n\r\n')
    c.check('vast', (413, True), (vast.status(), vast.is_closed()))
    chunks = b''.join(b'%x\r\n%b\r\n' % (len(p), p) for p in (BODY[:7], BODY[7:50], BODY[50:])) + b'0\r\n\r\n'
    coded = w.tcp().send(head + b'Transfer-Encoding: chunked\r\n\r\n' + chunks + LIVE)
    c.check('in chunks; nothing after it', (200, True), (coded.status(), coded.is_closed()))
    coded = w.tcp().send(head + b'Transfer-Encoding: chunked\r\n\r\n' + b'1000\r\n%b\r\n' % (b' ' * 4096) * 3 + b'0\r\n\r\n')
    c.check('too many chunks', (413, True), (coded.status(), coded.is_closed()))
    for wrong in (b'0x7\r\n{}', b'7;a=\n\r\n{"a":1}\r\n0\r\n\r\n', b'g\r\n', b'-1\r\n', b'\r\n', b'1\r\na0\r\n\r\n', b'fffffffffffffffff\r\n'):
        coded = w.tcp().send(head + b'Transfer-Encoding: chunked\r\n\r\n' + wrong)
        c.check(f'no chunk: {wrong}', True, coded.status() in (400, 413) and coded.is_closed())


def callers(c, w):
    """TCP: by credential alone"""
    rows = (
        (401, 'Bearer', ()), (200, None, ('Bearer pass:host',)), (200, None, ('bEARER  pass:host ',)), (403, None, ('Bearer pass:nobody',)),
        (403, None, ('Bearer pass:seeker',)), (403, None, ('Bearer pass:user/host',)), (401, 'Bearer error="invalid_token"', ('Bearer fail',)),
        (401, 'Bearer error="invalid_token"', ('Bearer fail:expired',)), (401, 'Bearer error="invalid_token"', ('Bearer fail:revoked',)),
        (401, 'Bearer error="invalid_token"', ('Bearer',)), (401, 'Bearer error="invalid_token"', ('Bearer ',)),
        (401, 'Bearer error="invalid_token"', ('Bearer ignore',)), (503, None, ('Bearer error',)),
        (400, None, ('Bearer pass:host', 'Bearer pass:host')), (400, None, ('Bearer a b',)), (400, None, ('Bearer \xe4',)),
        (400, None, ('',)), (400, None, ('Digest a=b',)), (400, None, ('pass:host',)), (400, None, ('Bearerpass:host',)),
        (400, None, ('Basic',)), (400, None, ('Basic !!!',)), (400, None, ('Basic YQ',)),
        (400, None, ('Basic YQBiOmM=',)),      # a NUL
        (400, None, ('Basic YWI=',)),          # no colon
        (400, None, ('Basic OmE=',)),          # no name
        (400, None, ('Basic YTpiYR==',)),      # bits that are not zero
        (400, None, ('Basic YTpi=QQQ',)), (400, None, ('Basic ' + 'YTpi' * 300,)),
        (200, None, ('Basic eDpwYXNzOmhvc3Q=',)),      # x:pass:host
        (403, None, ('basic eDpwYXNzOm5vYm9keQ==',)),  # x:pass:nobody
        (401, 'Bearer error="invalid_token"', ('Basic eDpmYWls',)))
    for status, challenge, values in rows:
        a = w.tcp().send(request(headers=[('Authorization', v) for v in values])).answer()
        c.check(f'{values}', (status, challenge), (a.status, a['WWW-Authenticate']))
    c.check('elsewhere', 401, w.tcp().send(request(headers=[('X-Policy-Caller', 'pass:host')])).status())
    one = w.tcp().send(request() + request(headers=[bearer('pass:host')]))
    c.check('once more on the same connection', [401, 200], [one.status(), one.status()])
    c.check('health is for anybody', 200, w.tcp().send(LIVE).status())


def as_user(at, uid, gid, groups, raw):
    """the status of a request by another user: a process of its own"""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            s = Wire.__new__(Wire)
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            Wire.__init__(s, at)
            os.write(into, str(s.send(raw).status()).encode())
        finally:
            os._exit(0)
    os.close(into)
    os.waitpid(pid, 0)
    got = os.read(out, 10)
    os.close(out)
    return int(got) if got.isdigit() else None


def peers(c, w):
    c.check('its own user', 200, w.unix().send(request()).status())
    if os.geteuid() != 0:
        return c.skip(7, 'other users at a unix socket (not root)')
    os.chmod(w.folder, 0o755)
    for folder in (os.path.dirname(w.folder),):
        os.chmod(folder, 0o755)
    at, host = f'{w.folder}/p', [bearer('pass:host')]
    rows = ((200, 4001, 4000, []), (403, 4002, 4000, []), (200, 4003, 4500, []), (200, 4003, 4000, [4600, 4500]), (401, 4003, 4000, [4600]))
    for wanted, uid, gid, groups in rows:
        wanted = 401 if wanted == 403 else wanted
        c.check(f'{uid} {gid} {groups}', wanted, as_user(at, uid, gid, groups, request()))
    c.check('one who is not listed, with a credential', 200, as_user(at, 4003, 4000, [], request(headers=host)))
    c.check('and one who may not', 403, as_user(at, 4003, 4000, [], request(headers=[bearer('pass:nobody')])))


def slowly(ms, who='host'):
    return ('Authorization', 'Basic ' + base64.b64encode(f'x:sleep:{ms}:pass:{who}'.encode()).decode())


def sleeper(ms, who='host'):
    return request(headers=[slowly(ms, who)])


def logs(c, world):
    """What a client asked for is not told, if he goes away while he is judged."""
    port = free_port()
    w = world('logs', 'threads: 1\n', f'  - {{ tcp: "127.0.0.1:{port}", serve: [proxy], proxy: {{ routes: default }} }}\n')
    gone = Wire(port).send(request('GET', '/ext_authz/reset/secret-of-a-target', [('X-Policy-Caller', 'pass:host'), slowly(300)], body=None))
    Wire(port).send(request('GET', '/none', body=None)).status()    # by then it was read
    gone.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    gone.close()
    w.until('Failed to send')
    c.check('the log', False, 'secret-of-a-target' in w.said())
    c.check('exit', 0, w.stop())


def waiting(c, world):
    """Who waits stalls nobody; too many are told."""
    w = world('waiting', 'threads: 1\nlimits: { waiting: 1, queued: 1 }\n')
    slow = [w.tcp().send(sleeper(800)) for _ in range(2)]
    others = [w.tcp() for _ in range(20)]
    c.check('others are served', [200] * 20, [o.send(LIVE).status() for o in others])
    c.check('also by credential', [200] * 20, [o.send(request(headers=[bearer('pass:host')])).status() for o in others])
    a = w.tcp().send(sleeper(1)).answer()
    c.check('no room for a third', (503, '1'), (a.status, a['Retry-After']))
    for s in slow:
        s.s.setblocking(False)
        try:
            got = s.s.recv(1)
        except BlockingIOError:
            got = None
        c.check('no answer yet', None, got)
        s.s.setblocking(True)
    c.check('answers in the end', [200, 200], [s.status() for s in slow])
    c.check('and the next', [403], [slow[0].send(sleeper(1, 'nobody')).status()])
    gone = w.tcp().send(sleeper(300))
    gone.close()
    c.check('one that went away meanwhile', 200, w.tcp().send(sleeper(1)).status())
    under_way, idle = w.tcp().send(sleeper(700)), w.tcp().send(LIVE)
    idle.answer()
    w.signal(signal.SIGHUP)
    w.until('policy set in force', 2)
    w.signal(signal.SIGTERM)
    a = under_way.answer()
    c.check('what is under way is answered', (200, 'close'), (a.status, a['Connection']))
    c.check('an idle one is closed', True, idle.is_closed())
    c.check('exit', 0, w.process.wait(60))
    # without a keeper the name of its socket stays: by then it may remove nothing
    c.check('the socket is left', True, os.path.exists(w.socket))


def limits(c, world):
    w = world('limits', 'threads: 1\nlimits: { idle: 1s, wait: 1s, connections: 8 }\n')
    for raw in (b'', b'GET / HT', b'GET / HTTP/1.1\r\nHost: a\r\n', request(headers=[bearer('pass:host')])[:-5], LIVE):
        one = w.tcp().send(raw)
        if raw == LIVE:
            c.check('answered', 200, one.status())
        c.check(f'idle after {raw[:30]}', True, one.is_closed())
    drips = [w.tcp(), w.tcp().send(request(headers=[bearer('pass:host')], body=b' ' * 9999)[:-9999])]
    for d in drips:                     # a byte at a time, for ever, is cut off
        d.s.settimeout(0.2)
        for _ in range(200):
            try:
                if not d.send(b' ').more():
                    break
            except TimeoutError:
                pass
        else:
            c.check('a slow client is cut off', True, False)
    c.check('slow clients', 2, len(drips))
    c.check('a module that is too slow', 503, w.tcp().send(sleeper(2500)).status())
    held = [w.tcp().send(LIVE) for _ in range(8)]
    c.check('as many as there may be', [200] * 8, [h.status() for h in held])
    c.check('one more waits until one ends', 200, w.tcp().send(LIVE).status())
    c.check('exit', 0, w.stop())


def main():
    policyd, modules, tmp = sys.argv[1:]
    c = Count()

    def world(name, conf='', listeners=''):
        return World(policyd, modules, tmp, name, conf, listeners)

    w = world('first', 'limits: { body: 4KiB }\n', f'  - {{ unix: {tmp}/first/p, mode: "0666", serve: [authzen], peers: ['
              '{ user: 4001, may: [evaluate] }, { user: 4002, may: [search] }, { group: 4500, may: [evaluate] } ] }\n')
    routes(c, w)
    answers(c, w)
    bodies(c, w)
    callers(c, w)
    peers(c, w)
    http_heads.run(c, w)
    c.check('exit', 0, w.stop())
    logs(c, world)
    waiting(c, world)
    limits(c, world)
    http_tls.run(c, world, tmp)
    return c.finish()


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile requests to policyd, at a unix socket and over TCP. hostile.py POLICYD MODULES TMP
ROUTES SHARED; last line: N passed, N failed.

Each is sent as it is, and once more with a caller's credential and with a route of ours where
the vectors have one that would show a second request. Of those, none may be seen: one answer,
and nothing counted."""
import concurrent.futures
import json
import os
import re
import sys

import hostile_sweep
from http_heads import LENGTHS, POST, WRONG
from http_world import EVALUATION, LIVE, Count, World, bearer, request

MARK = b'/healthz'                      # nobody here asks for it but a request within another
GUARDED = EVALUATION.encode()
NAMES = 77                              # cases of the vectors
CHUNKED = POST + b'Transfer-Encoding: chunked\r\n\r\n'
HIDDEN = request('GET', MARK.decode(), body=None)

# what libmicrohttpd 0.9.75 does itself, before it calls: none of it is another answer than no
OWN = {
    'twice': 'the head of its refusal of a Content-Length stands twice; it closes',
    'large': 'a head beyond its memory is a 414 or 431; it closes',
    'silent': 'it waits for the rest, and for no longer than the limit of time',
    'caller': 'without a credential there is a 401 before the body is looked at; it closes',
}
OTHERWISE = {
    'twice': ('cl-list', 'cl-list-differ', 'cl-plus', 'cl-minus', 'cl-underscore', 'cl-letters', 'cl-huge', 'cl-vt-lead', 'cl-semicolon'),
    'large': ('head-path-1MiB', 'head-headers-10000', 'auth-64k'),
    'silent': ('chunk-overflow32', 'head-cr-only', 'head-tls-hello'),
    'caller': ('chunk-hex-prefix', 'chunk-overflow32', 'chunk-ext-lf'),
}
# after the head was right: a chunk that is none ends the connection
CHUNKS = [CHUNKED + c + HIDDEN for c in (
    b'0x2\r\n{}\r\n0\r\n\r\n', b'+2\r\n{}\r\n0\r\n\r\n', b'-2\r\n{}\r\n0\r\n\r\n', b'g\r\n{}\r\n0\r\n\r\n', b'2 \n{}\r\n0\r\n\r\n', b'\r\n{}\r\n0\r\n\r\n',
    b'ffffffffffffffffff\r\n{}\r\n0\r\n\r\n', b'10000000000000002\r\n{}\r\n0\r\n\r\n', b'2\r\n{}xx0\r\n\r\n', b'2\r\n{}0\r\n\r\n', b'2;a=\n\r\n{}\r\n0\r\n\r\n',
    b'2;' + b'a' * 60000 + b'\r\n{}\r\n0\r\n\r\n', b'0\r\nContent-Length: 9\r\n\r\n', b'0\r\nHost: b\r\nX: y\r\n\r\n', b'0\r\n' + b'X: y\r\n' * 9000 + b'\r\n',
    b'0\r\n\r\n', b'2\r\n{}\r\n0\r\n\r\n')]


class Got:
    """All that came until the connection ended."""

    def __init__(self, wire, raw):
        wire.send(raw)
        while wire.more():
            pass
        wire.close()
        self.bytes = wire.left
        self.statuses = [int(s) for s in re.findall(rb'^HTTP/1\.1 (\d{3}) ', wire.left, re.M)]
        if self.statuses[:1] == [100]:
            del self.statuses[0]
        self.is_closing = re.search(rb'(?i)^connection: close\r$', wire.left.split(b'\r\n\r\n')[0], re.M) is not None


def is_refused(got):
    return got.statuses == [400] and got.is_closing


def is_otherwise(name, got):
    """The word of OWN that says what came instead; '': none does"""
    for word, names in OTHERWISE.items():
        if name not in names:
            continue
        if word == 'twice' and got.statuses in ([400, 400], [413, 413]) and got.is_closing:
            return word
        if word == 'large' and got.statuses in ([414], [431], []):
            return word
        if word == 'silent' and got.statuses == []:
            return word
        if word == 'caller' and got.statuses == [401] and got.is_closing:
            return word
    return ''


def is_wanted(case, got, may_pass):
    want = case['want']
    if want == 'timeout':
        return got.statuses == []
    if want in ('same-guard', '401-or-400'):
        # on a path that is none: no route. A peer may what it asks, whatever it says it is
        return len(got.statuses) == 1 and (may_pass or got.statuses[0] in (400, 401, 404, 405))
    if want == 400:
        return is_refused(got)
    statuses = {'400-or-one': (400, 401, 404), '400-or-two': (400,), '400-or-404': (400, 404), '417-or-one': (417, 400, 401)}[want]
    return len(got.statuses) == 1 and got.statuses[0] in statuses


def in_pool(jobs):
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        return list(pool.map(lambda j: Got(j[0](), j[1]), jobs))


def armed(case):
    """With what would be allowed, were it one request, or two."""
    raw = case['raw'].encode('latin-1').replace(b'/smuggled', MARK)
    if case['want'] in ('same-guard', '401-or-400'):
        raw = raw.replace(b'GET /v1/users', b'POST ' + GUARDED).replace(b'GET /v1//users', b'POST ' + GUARDED.replace(b'/v1', b'/v1/'))
        raw = raw.replace(b'GET /v1\\users', b'POST ' + GUARDED.replace(b'/', b'\\').replace(b'\\', b'/', 1))
        return raw.replace(b'Bearer good', b'Bearer pass:host').replace(b'Bearer a b', b'Bearer pass:host pass:host')
    caller = b'Authorization: Bearer pass:host\r\nContent-Type: application/json\r\n'
    return raw.replace(b'Host: a\r\n', b'Host: a\r\n' + caller, 1)


def counted(w):
    """Requests that were seen, by route"""
    text = w.unix().send(request('GET', '/metrics', body=None)).answer().body.decode()
    seen = {}
    for line in text.splitlines():
        m = re.match(r'policyd_\w*requests_total\{(.*)\} (\d+)$', line)
        if m:
            route = re.search(r'route="([^"]*)"', m.group(1)).group(1)
            seen[route] = seen.get(route, 0) + int(m.group(2))
    return seen


def vectors(c, w, shared):
    path = os.path.join(shared, 'vectors', 'http', 'hostile-requests.json')
    if not os.path.exists(path):
        return c.skip(4 * NAMES + 2, 'hostile requests of the vectors (not beside the checkout)')
    with open(path) as f:
        cases = json.load(f)
    c.check('cases', NAMES, len(cases))
    jobs = [(f'{case["name"]} {form}, {at}', case, connect, raw, form == 'armed' and at == 'unix')
            for case in cases for form, raw in (('as it is', case['raw'].encode('latin-1')), ('armed', armed(case)))
            for at, connect in (('unix', w.unix), ('TCP', w.tcp))]
    results = in_pool([(j[2], j[3]) for j in jobs])
    found = {word: set() for word in OWN}
    for (what, case, _, _, may_pass), got in zip(jobs, results):
        word = '' if is_wanted(case, got, may_pass) else is_otherwise(case['name'], got)
        if word:
            found[word].add(case['name'])
        holds = word != '' or is_wanted(case, got, may_pass)
        c.check(what, (case['want'], True), (case['want'], holds) if holds else (got.statuses, got.is_closing, got.bytes[:300]))
    c.check('a second request was seen', 0, counted(w).get(MARK.decode(), 0))
    print(f'{len(jobs)} hostile requests of {len(cases)} kinds; refused, though not by a single 400:')
    for word, names in found.items():
        print(f'  {len(names)}: {OWN[word]}: {" ".join(sorted(names))}')


def own(c, w):
    heads = [(connect, raw + HIDDEN) for raw in WRONG + LENGTHS for connect in (w.unix, w.tcp)]
    for (_, raw), got in zip(heads, in_pool(heads)):
        c.check(f'{raw[:120]}', True, is_refused(got) or (got.statuses in ([400, 400], [413, 413]) and got.is_closing))
    chunks = [(connect, raw) for raw in CHUNKS for connect in (w.unix, w.tcp)]
    for (_, raw), got in zip(chunks, in_pool(chunks)):
        # 500: libmicrohttpd's own, where a chunk's line is longer than its memory
        c.check(f'{raw[len(CHUNKED):][:80]}', '', '' if got.statuses in ([], [400], [413], [431], [500]) else got.statuses)
    c.check('a second request was seen', 0, counted(w).get(MARK.decode(), 0))


def credentials(c, w):
    """Forms of a credential that are none, each around one that would be right."""
    good = 'Bearer pass:host'
    for headers in ([good, good], [good, 'Bearer bad'], ['Bearer bad', good], ['Basic', good], ['', good]):
        c.check(f'{headers}', 400, w.tcp().send(request(headers=[('Authorization', h) for h in headers])).status())
    for value in ('', 'Bearer', 'Bearer ', 'Bearer pass:host x', 'Bearer pass:host,', 'Bearer\tpass:host', 'Bearer  ', 'Basic', 'Basic !!!', 'Basic YQBiOmM=',
                  'Basic cGFzczpob3N0', 'Basic cGFzczpob3N0Og', 'Basic Og==', 'pass:host', 'Token pass:host', 'Bearer=pass:host', 'Bearer "pass:host"',
                  'Bearer pass:nobody', 'Bearer pass:seeker', 'Bearer pass:host/x', 'BearerX pass:host', 'Bearer pass:Host', 'Bearer pass:host\x01'):
        status = w.tcp().send(request(headers=[('Authorization', value)])).status()
        c.check(f'Authorization: {value}', True, status in (400, 401, 403))
    for name in ('X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Forwarded-User', 'X-Policy-Caller', 'Proxy-Authorization', 'X-Authorization', 'Cookie',
                 'X-Original-URL', 'X-HTTP-Method-Override', 'X-Remote-User', 'REMOTE_USER'):
        c.check(name, 401, w.tcp().send(request(headers=[(name, '127.0.0.1' if 'F' in name else good)])).status())
    c.check('the right one', 200, w.tcp().send(request(headers=[bearer('pass:host')])).status())


def main():
    policyd, modules, tmp, routes, shared = sys.argv[1:]
    c = Count()
    listeners = f'  - {{ unix: {tmp}/hostile/m, serve: [authzen, health, metrics] }}\n'
    w = World(policyd, modules, tmp, 'hostile', 'limits: { idle: 1s }\n', listeners)
    w.socket = f'{tmp}/hostile/m'
    vectors(c, w, shared)
    own(c, w)
    credentials(c, w)
    c.check('alive', 200, w.tcp().send(LIVE).status())
    hostile_sweep.run(c, w, routes)
    c.check('exit', 0, w.stop())
    return c.finish()


sys.exit(main())

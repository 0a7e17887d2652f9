# SPDX-License-Identifier: Apache-2.0
"""Heads: what is no HTTP is one 400 and the end; what is stays right however it is cut."""
import random

from http_world import EVALUATION, LIVE, bearer, request

START = b'GET /health/live HTTP/1.1\r\n'
POST = f'POST {EVALUATION} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer pass:host\r\n'.encode()

WRONG = [
    # the line of the request
    b'GET  /health/live HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/live  HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/live HTTP/1.1 \r\nHost: a\r\n\r\n',
    b'GET /health/live\r\nHost: a\r\n\r\n', b'GET /health/live HTTP/1.2\r\nHost: a\r\n\r\n', b'GET /health/live http/1.1\r\nHost: a\r\n\r\n',
    b'GET /health/live HTTP/1.10\r\nHost: a\r\n\r\n', b'G(T /health/live HTTP/1.1\r\nHost: a\r\n\r\n', b'GET\t/health/live HTTP/1.1\r\nHost: a\r\n\r\n',
    b'GET health/live HTTP/1.1\r\nHost: a\r\n\r\n', b'GET http://a/health/live HTTP/1.1\r\nHost: a\r\n\r\n', b'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    b'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/live#a HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/live\0 HTTP/1.1\r\nHost: a\r\n\r\n',
    b'GET /health\0/live HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/live?\0 HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/\xe4 HTTP/1.1\r\nHost: a\r\n\r\n',
    b'GET /health/live?\x7f HTTP/1.1\r\nHost: a\r\n\r\n', b'GE\0T /health/live HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /health/live HTTP/1.1\nHost: a\r\n\r\n',
    b'GET /health/live HTTP/1.1\r\r\nHost: a\r\n\r\n',
    # who is asked
    START + b'\r\n', START + b'Host: a\r\nHost: a\r\n\r\n', START + b'Host: a\r\nX: y\r\nhost: b\r\n\r\n', START + b'Host:\r\n\r\n', START + b'Host: a b\r\n\r\n',
    START + b'Host: u@a\r\n\r\n', START + b'Host: a/b\r\n\r\n', START + b'Host: a:b\r\n\r\n', START + b'Host: [::1\r\n\r\n', START + b'Host: []\r\n\r\n',
    START + b'Host: a,b\r\n\r\n', START + b'Host: \xe4\r\n\r\n', START + b'Host: ' + b'a' * 256 + b'\r\n\r\n',
    # lines
    START + b'Host: a\nX: y\r\n\r\n', START + b'Host: a\r\nX: y\n\r\n', START + b'Host: a\r\nX: y\r\n\n', START + b'Host: a\r\n X: y\r\n\r\n',
    START + b'Host: a\r\nX: y\r\n z\r\n\r\n', START + b'Host: a\r\nX: y\r\n\tz\r\n\r\n', START + b' Host: a\r\n\r\n', START + b'Host : a\r\n\r\n',
    START + b'Host: a\r\nX Y: z\r\n\r\n', START + b'Host: a\r\nX\t: z\r\n\r\n', START + b'Host: a\r\n: z\r\n\r\n', START + b'Host: a\r\nX\r\n\r\n',
    START + b'Host: a\r\nX\0Y: z\r\n\r\n', START + b'Host: a\r\nX: y\0\r\n\r\n', START + b'Host: a\r\nX: y\0z\r\n\r\n', START + b'Host: a\r\nX: \0\r\nY: z\r\n\r\n',
    START + b'Host: a\0\r\n\r\n', START + b'Host: a\r\nX: y\rz\r\n\r\n', START + b'Host: a\r\nX: y\r\r\n\r\n', START + b'Host: a\r\nX: \x01\r\n\r\n',
    START + b'Host: a\r\nX: \x0b\r\n\r\n', START + b'Host: a\r\nX: \x7f\r\n\r\n', START + b'Host: a\r\nX\xe4: y\r\n\r\n', START + b'Host: a\r\nX(: y\r\n\r\n',
    START + b'Host: a\r\n' + b'X: y\r\n' * 100 + b'\r\n',
    # how long it is
    POST + b'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n', POST + b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    POST + b'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}', POST + b'Content-Length: 2\r\ncontent-length: 3\r\n\r\n{}',
    POST + b'Content-Length: 2\0\r\n\r\n{}', POST + b'Content-Length: 0\r\nContent-Length: 2\r\n\r\n{}', POST + b'Content-Length: 0000000000000000002\r\n\r\n{}',
    POST + b'Content-Length:\t2\r\n\r\n{}', POST + b'Content-Length\t: 2\r\n\r\n{}', POST + b'Content-Length: 2\r\n 2\r\n\r\n{}',
    POST + b'X: y\r\n Content-Length: 2\r\n\r\n{}',
] + [POST + b'Transfer-Encoding: %b\r\n\r\n0\r\n\r\n' % t for t in (
    b'', b'identity', b'chunked, chunked', b'gzip, chunked', b'chunked, identity', b'"chunked"', b'chunked;a=b', b',chunked', b'CHUNKED', b'chunked\0',
    b'\x0bchunked', b'chunked\x0b', b'xchunked')] + [
    POST + b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    POST + b'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
    POST + b'Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n', POST + b'Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n',
    POST.replace(b'1.1', b'1.0') + b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
]

# libmicrohttpd 0.9.75 refuses these itself, with a head that stands twice
LENGTHS = [POST + b'Content-Length: %b\r\n\r\n{}' % n for n in (b'', b'+2', b'-2', b'2,2', b'2, 0', b'0x2', b'2_', b'2a', b'2 2', b'\x0b2', b'9' * 40)]

RIGHT = [
    START + b'Host: a\r\n\r\n', START + b'hOST:a\r\n\r\n', START + b'Host:   a  \r\n\r\n', START + b'Host: a.b-c_d:8080\r\n\r\n', START + b'Host: [::1]:80\r\n\r\n',
    START + b'Host: 127.0.0.1\r\n\r\n', START + b'Host: a\r\nX:\r\n\r\n', START + b'Host: a\r\nX: \r\nY: z\r\n\r\n', START + b'Host: a\r\nX: a\tb \xe4 \r\n\r\n',
    START + b'Host: a\r\nX: ' + b'y' * 8000 + b'\r\n\r\n', START + b'Host: a\r\n' + b'X: y\r\n' * 99 + b'\r\n', START + b'Host: a\r\nCookie: a=b; c="d"; e\r\n\r\n',
    START.replace(b'live', b'live?a=b&c=%20&d&=e') + b'Host: a\r\n\r\n', START.replace(b'1.1', b'1.0') + b'\r\n', START + b'Host: a\r\nConnection: close\r\n\r\n',
    b'\r\n' + LIVE,
]


def run(c, w):
    for raw in WRONG:
        one = w.tcp().send(raw + LIVE)
        c.check(f'{raw[:200]}', ([400], True), ([one.status()], one.is_closed()))
    for raw in LENGTHS:
        one = w.tcp().send(raw + LIVE)
        status = one.status()
        while one.more():
            pass
        c.check(f'{raw[-40:]}', (True, False), (status in (400, 413), b'200 OK' in one.left))
    for raw in RIGHT:
        one = w.tcp().send(raw)
        c.check(f'{raw[:200]}', 200, one.status())
    one = w.tcp().send(POST + b'Content-Length: 000\r\n\r\n' + LIVE)
    c.check('no body, in three digits', (True, 200), (one.status() in (200, 400), one.status()))
    c.check('what is expected', (417, True), (lambda o: (o.status(), o.is_closed()))(
        w.tcp().send(request(headers=[bearer('pass:host'), ('Expect', '200-ok')]))))
    cut(c, w)
    large(c, w)


def cut(c, w):
    """The same request in pieces: what head.c knows of where lines lie holds for each cut."""
    rng = random.Random(7)
    raw = request(headers=[bearer('pass:host'), ('Cookie', 'a=b; c=d')] + [(f'X-{i}', 'y' * i) for i in range(40)]) + LIVE
    one = w.tcp()
    for at in range(1, len(raw), 3):
        one.send(raw[:at])
        # a request of another connection lies between the two: the first piece was read
        w.unix().send(LIVE).status()
        one.send(raw[at:])
        got = (one.status(), one.status())
        if got != (200, 200):
            return c.check(f'cut at {at}', (200, 200), got)
    c.check('cut anywhere', True, True)
    for _ in range(60):
        left = raw
        while left:
            n = rng.randrange(1, 200)
            one.send(left[:n])
            left = left[n:]
        got = (one.status(), one.status())
        if got != (200, 200):
            return c.check('cut often', (200, 200), got)
    c.check('cut often', True, True)


def large(c, w):
    """Up to the limit a head of any size is right, and beyond it is refused."""
    seen, last, full = set(), 0, False
    for size in range(100, 34000, 333):
        one = w.tcp().send(START + b'Host: a\r\nX: %b\r\nY: z\r\n\r\n' % (b'y' * size))
        status = one.status()
        seen.add(status)
        full = full or status != 200
        if status == 200:
            last = size
        if full and status not in (431, None):      # None: there is no room for an answer
            return c.check(f'a head of {size}', 431, status)
    c.check('heads of any size', True, {200, 431} <= seen <= {200, 431, None})
    c.check('one of half the limit is taken', True, last > 16000)
    for n in (10, 50, 90, 99):
        raw = START + b'Host: a\r\n' + b''.join(b'X-%d: %b\r\n' % (i, b'z' * (12000 // n)) for i in range(n)) + b'\r\n'
        c.check(f'{n} headers', 200, w.tcp().send(raw).status())
    long = w.tcp().send(b'GET /' + b'a' * 40000 + b' HTTP/1.1\r\nHost: a\r\n\r\n').status()
    c.check('a long target', 414, long)

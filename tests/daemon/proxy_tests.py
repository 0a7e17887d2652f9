# SPDX-License-Identifier: Apache-2.0
"""What holds behind any proxy: who passes, who does not, and whom the application is told."""
import os
import time

from proxy_world import basic, send, token

ANN, BOB, CARL = token('ann'), token('bob'), token('carl')
AUTH = 'Authorization'


def bearer(t):
    return (AUTH, 'Bearer ' + t)


# name, headers, who it is to the set: None (401), '' (nobody), or a name
CREDENTIALS = [
    ('none', [], ''),
    ('right', [bearer(ANN)], 'ann'),
    ('reader', [bearer(BOB)], 'bob'),
    ('lesser', [bearer(CARL)], 'carl'),
    ('scheme in small letters', [(AUTH, 'bearer ' + BOB)], 'bob'),
    ('password', [(AUTH, basic('ann', 'ann has a password'))], 'ann'),
    ('API key', [('X-API-Key', 'key-of-the-batch-service')], 'service:batch'),
    ('service of the same name', [bearer(token('bob', 'machines'))], 'service:bob'),
    ('other header', [('X-Authorization', 'Bearer ' + BOB)], 'bob'),
    ('both headers', [bearer(BOB), ('X-Authorization', 'Bearer ' + BOB)], 'bob'),
    ('garbage', [bearer('garbage')], None),
    ('empty', [(AUTH, 'Bearer ')], None),
    ('no scheme', [(AUTH, ANN)], None),
    ('unknown scheme', [(AUTH, 'Digest ' + ANN)], None),
    ('foreign signature', [bearer(token('ann', secret=b'another secret of thirty-two bytes...'))], None),
    ('foreign issuer', [bearer(token('ann', 'strangers'))], None),
    ('expired', [bearer(token('ann', expires=-3600))], None),
    ('wrong password', [(AUTH, basic('ann', 'wrong'))], None),
    ('unknown name', [(AUTH, basic('zoe', 'ann has a password'))], None),
    ('wrong API key', [('X-API-Key', 'key')], None),
    ('twice the same', [bearer(ANN), bearer(ANN)], None),
    ('two of them', [bearer(BOB), bearer(ANN)], None),
    ('two in one', [(AUTH, f'Bearer {BOB}, Bearer {ANN}')], None),
    ('good and bad', [bearer(ANN), ('X-API-Key', 'key')], None),
    ('of two people', [bearer(ANN), ('X-Authorization', 'Bearer ' + BOB)], None),
    ('a person and a service', [bearer(ANN), ('X-API-Key', 'key-of-the-batch-service')], None),
]

READERS = {'ann', 'bob', 'service:batch', 'service:bob'}
# method, target, who may; None: everybody
ROUTES = [
    ('GET', '/ping', None),
    ('GET', '/v1/models', READERS),
    ('HEAD', '/v1/models', READERS),
    ('GET', '/v1/models?page=2&x=/../admin', READERS),
    ('GET', '/v1/models/m1', READERS),
    ('POST', '/v1/models/m1', {'ann'}),
    ('DELETE', '/v1/models/m1', {'ann'}),
    ('PUT', '/v1/models/m1', set()),
    ('GET', '/admin/x/y', {'ann'}),
    ('PATCH', '/admin/x', {'ann'}),
    ('OPTIONS', '/admin/x', set()),
    ('OPTIONS', '/v1/models', set()),
    ('GET', '/nowhere', set()),
    ('GET', '/', set()),
]

IDENTITY = ('x-policy-user', 'x-policy-subject', 'x-policy-token-id', 'x-policy-reason')


def told(seen):
    """The identity that the application was told: user and subject."""
    get = {n.lower(): v for n, v in seen[2]}
    return get.get('x-policy-user', ''), get.get('x-policy-subject', '')


def cgi(name):
    """A name of a header as applications see it that take it from CGI, or from WSGI."""
    return ''.join(c if c.isalnum() else '_' for c in name.upper())


def subject(who):
    return who if not who or ':' in who else 'user:' + who


def matrix(t, app, at):
    for method, target, may in ROUTES:
        for name, headers, who in CREDENTIALS:
            what = f'{method} {target}, {name}'
            answer, seen = send(at, method, target, headers), app.take()
            if may is None:
                # Nobody is asked who he is, but a request that can be read in two ways is refused.
                t.check(what, True, (answer.status, len(seen)) == (200, 1) or (who is None and not seen and answer.status in (400, 401)))
                t.check(what + ': told', [('', '')] * len(seen), [told(s) for s in seen])
            elif who in may:
                t.check(what, (200, 1), (answer.status, len(seen)))
                t.check(what + ': as it was sent', [(method, target)], [s[:2] for s in seen])
                t.check(what + ': told', [('' if ':' in who else who, subject(who))], [told(s) for s in seen])
            else:
                wanted = 403 if who else 401
                # nginx itself refuses what stands twice
                if name.startswith('tw') and answer.status == 400:
                    wanted = 400
                t.check(what, (wanted, 0), (answer.status, len(seen)))
                if wanted != 400:
                    explained(t, what, answer, who, method)


def uploads(t, app, at):
    """Bodies, of known length and not, go on with what is allowed, and only with that."""
    for chunked in (False, True):
        for name, headers, passes in (('right', [bearer(ANN)], True), ('lesser', [bearer(CARL)], False), ('none', [], False)):
            for body in (b'x' * 10, b'x' * 1000000):
                answer = send(at, 'POST', '/v1/models/m1', headers, body, chunked)
                t.check(f'{len(body)} bytes, chunked {chunked}, {name}', (True, [body] * passes),
                        ((answer.status == 200) == passes, [s[3] for s in app.take()]))


def explained(t, what, answer, who, method):
    """A denial says why, in a body that each client reads its own way."""
    if answer.status == 401:
        asks = answer.get('www-authenticate')
        t.check(what + ': WWW-Authenticate', True, len(asks) == 1 and asks[0].startswith('Bearer realm="') and
                ('error=' in asks[0]) == (who is None))
    t.check(what + ': no word of identity', [], [n for n, _ in answer.headers if n.startswith('x-policy')])
    if method == 'HEAD':
        return t.check(what + ': no body', b'', answer.body)
    j = answer.json() or {}
    e = j.get('error') or {}
    t.check(what + ': its body', (True, True, answer.status, True, ['application/json']),
            (bool(j.get('detail')) and j.get('detail') == j.get('message') == e.get('message'),
             isinstance(j.get('type'), str), j.get('code'), isinstance(e.get('code'), str) and isinstance(e.get('type'), str),
             answer.get('content-type')))


# A client that says who it is: never reaches the application, whoever it is.
SPELLINGS = [
    [('X-Policy-User', 'root')],
    [('x-policy-user', 'root')],
    [('X-POLICY-user', 'root')],
    [('X_Policy_User', 'root')],
    [('X-Policy_User', 'root')],
    [('X-Policy-User', '\troot\t')],
    [('X-Policy-User ', 'root')],
    [('X-Policy-User', 'root'), ('x-policy-user', 'root')],
    [('X-Policy--User', 'root')],
    [('X.Policy.User', 'root')],
    [('X-Policy-User', 'a\r\n root')],
    [('X-Policy-Subject', 'user:root'), ('X-Policy-Token-Id', 'root'), ('X-Policy-Reason', 'root')],
    [('Connection', 'X-Policy-User'), ('X-Policy-User', 'root')],
    [('Connection', 'X-Policy-User'), ('X-Policy-User', '')],
    [('Trailer', 'X-Policy-User'), ('X-Policy-Caller', ANN), ('X-Original-URI', '/ping'), ('X-Original-Method', 'GET')],
]


def identity(t, app, at):
    reached = 0
    for spelling in SPELLINGS:
        for headers, who, target in (([], '', '/ping'), ([bearer(BOB)], 'bob', '/v1/models'), ([], None, '/v1/models')):
            for order in (spelling + headers, headers + spelling):
                what = f'{target} with {spelling}'
                answer, seen = send(at, 'GET', target, order), app.take()
                if who is None:
                    t.check(what + ': nobody', (True, 0), (answer.status in (400, 401, 503), len(seen)))
                    continue
                # A proxy may refuse such a request; where it passes, the truth is told.
                t.check(what + ': answered', True, answer.status in (200, 400, 503))
                for s in seen:
                    reached += 1
                    sent = [(n, v) for n, v in s[2] if 'root' in v and cgi(n) in map(cgi, IDENTITY)]
                    t.check(what + ': of what the client says nothing is left', [], sent)
                    t.check(what + ': told', (who, subject(who)), told(s))
                    names = [n.lower() for n, _ in s[2]]
                    t.check(what + ': each once at most', True, all(names.count(n) <= 1 for n in IDENTITY))
                    loose = [cgi(n) for n in names]
                    t.check(what + ': nor one that reads the same', True, all(loose.count(cgi(n)) <= 1 for n in IDENTITY))
    t.check('some of them reached the application', True, reached > 40)
    odd = 'odd, 100% \u00e9'
    send(at, 'GET', '/v1/models', [bearer(token(odd))])
    t.check('an odd name is escaped', [('odd%2C%20100%25%20%C3%A9', 'user:odd%2C%20100%25%20%C3%A9')], [told(s) for s in app.take()])


METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'GETT']


def spellings(path):
    first, _, rest = path[1:].partition('/')
    rest = '/' + rest if rest else ''
    up = path.upper()
    return [
        path, path + '/', '/' + path, '//app.example' + path, '/.' + path, '/x/..' + path, '/%2e' + path, '/x/%2E%2e' + path,
        path + '?x=1', path + ';x=1', f'/{first};x{rest}', path + '%00', path + '%0d%0aX-Policy-User:%20root', path + '%20',
        path.replace('/', '\\'), '/' + path[1:].replace('/', '%2f'), '/' + path[1:].replace('/', '%252f'), up,
        f'/%{ord(first[0]):02x}{path[2:]}', f'/%{ord(first[0]):02X}{path[2:]}', '/%c1%a1' + path[2:], path + '/.', path + '/..;/x',
        path + '#x', 'http://app.example' + path, 'HTTP://other.example:80' + path, path[1:], 'ping/..' + path, '/ping/..' + path,
        '/ping/%2e%2e' + path, '/ping/..%2f' + path[1:], '/ping%2f..' + path, '/ping;/..' + path, '/ping?/..' + path + '#', '*',
        path + '\t', '/ping\t' + path, '/ping HTTP/1.1\r\nX: ' + path, path + '%', path + '%zz', '/\x01' + path,
    ]


def sweep(t, app, at):
    """Every route, method and spelling without, with a wrong and with a lesser credential."""
    asked = 0
    passed = []
    who = {'none': [], 'wrong': [bearer(token('ann', secret=b'x' * 40))], 'lesser': [bearer(CARL)]}
    for path in ('/v1/models', '/v1/models/m1', '/admin/x/y', '/fl/pip/p/list', '/v1/chat', '/nowhere'):
        for method in METHODS:
            for target in spellings(path):
                for name, headers in who.items():
                    send(at, method, target, headers)
                    asked += 1
                    # What is public is so for everybody, if that is what the application is asked for.
                    passed += [(name, method, target, s[:2]) for s in app.take() if s[0] != 'GET' or s[1].split('?')[0] != '/ping']
    t.check(f'{asked} requests without, with wrong, with lesser credentials: none passes', [], passed[:20])
    t.passed += asked - len(passed) - 1
    print(f'sweep: {asked} requests, {len(passed)} passed')


def plain(target):
    """A path as the laxest of applications would understand it."""
    path = target.split('#')[0].split('?')[0]
    for code in range(256):
        path = path.replace(f'%{code:02x}', chr(code)).replace(f'%{code:02X}', chr(code))
    out = []
    for part in path.replace('\\', '/').split('/'):
        part = part.split(';')[0].split('\0')[0]
        if part == '..':
            out = out[:-1]
        elif part not in ('', '.'):
            out.append(part)
    return '/' + '/'.join(out)


def confusion(t, app, at):
    """Who may read models reaches nothing else, however it is written."""
    asked = reached = 0
    for goal in ('admin/x', 'v1/chat', 'fl/pip/p/list'):
        for way in ('..', '%2e%2e', '.%2e', '..;', '..%00', '%252e%252e', '..%5c', '..\\'):
            for slash in ('/', '%2f', '%2F', '\\', '%5c', '//', ';/', '/./'):
                for start in ('/v1/models/', '/v1/models/m1/', '/hello/', '/ping/'):
                    target = start + slash.join([way] * (start.count('/') - 1) + [goal.replace('/', slash)])
                    for method in ('GET', 'POST'):
                        send(at, method, target, [bearer(BOB)])
                        asked += 1
                        for s in app.take():
                            reached += 1
                            t.check(f'{method} {target} is not {goal}', True, not plain(s[1]).startswith('/' + goal.split('/')[0] + '/')
                                    or plain(s[1]).startswith('/v1/models'))
    t.check(f'{asked} spellings of what is not his', True, True)
    t.passed += asked - 1
    print(f'confusion: {asked} requests, {reached} reached the application')


def caller(t, app, policyd):
    """On TCP nobody is answered who does not say who he is, and may ask."""
    at = ('127.0.0.1', policyd.port)
    proxy, name = token('proxy', 'machines'), 'X-Policy-Caller'
    good = (name, proxy)
    callers = {
        'nobody': [], 'empty': [(name, '')], 'garbage': [(name, 'x')], 'a client': [(name, ANN)],
        'expired': [(name, token('proxy', 'machines', -3600))], 'twice': [good, good], 'two': [good, (name, 'x')],
        'a person of that name': [(name, token('proxy'))], 'where the client stands': [(AUTH, 'Bearer ' + proxy)],
        'by another header': [('X_Policy_Caller', proxy)], 'with a scheme': [(name, 'Bearer ' + proxy)],
    }
    original = [('X-Original-Method', 'GET'), ('X-Original-URI', '/v1/models')]
    public = [original[0], ('X-Original-URI', '/ping')]
    for path, extra in (('/auth', original), ('/ext_authz/v1/models', []), ('/auth', public), ('/ext_authz/ping', [])):
        before = policyd.decisions()
        for client in ([], [bearer(ANN)]):
            for what, headers in callers.items():
                client_ = [] if what == 'where the client stands' else client
                answer = send(at, 'GET', path, headers + client_ + extra)
                t.check(f'{path} asked by {what}', (True, []),
                        (answer.status in (400, 401, 403), [n for n, _ in answer.headers if n.startswith('x-policy')]))
        t.check(f'{path}: nothing was decided', before, policyd.decisions())
        t.check(f'{path} asked by the proxy', 200, send(at, 'GET', path, [good, bearer(BOB)] + extra).status)
        t.check(f'{path}: that was', before + 1, policyd.decisions())


def direct(t, policyd):
    """What policyd itself says of requests that no such proxy would send."""
    m, u = ('X-Original-Method', 'GET'), ('X-Original-URI', '/v1/models')
    ok = bearer(ANN)
    rows = [
        ('/auth', [m, u, ok], 200), ('/auth', [m, u, bearer(BOB)], 200), ('/auth/other', [m, u, ok], 200),
        ('/auth/other', [m, u, bearer(BOB)], 403), ('/auth/none', [m, u, ok], 403), ('/auth/', [m, u, ok], 400),
        ('/auth/a/b', [m, u, ok], 403), ('/auth?x', [m, u, ok], 400), ('/auth', [m, ok], 400), ('/auth', [u, ok], 400),
        ('/auth', [m, m, u, ok], 400), ('/auth', [m, u, u, ok], 400), ('/auth', [m, u, ('X-Original-URI', '/ping'), ok], 400),
        ('/auth', [('X-Original-Method', ''), u, ok], 403), ('/auth', [m, ('X-Original-URI', ''), ok], 403),
        ('/auth', [('X-Original-Method', 'GET /ping'), u, ok], 403), ('/auth', [m, ('X-Original-URI', 'v1/models'), ok], 403),
        ('/auth', [m, ('X-Original-URI', '/v1/models /ping'), ok], 403), ('/ext_authz', [ok], 403), ('/ext_authz/', [ok], 403),
        ('/ext_authz//v1/models', [ok], 403), ('/ext_authz?/v1/models', [ok], 403), ('/ext_authzv1', [ok], 404), ('/authx', [ok], 404),
        ('/ext_authz/v1/models', [m, ('X-Original-URI', '/ping')], 401), ('/auth', [m, u, ok, ('X-Policy-Routes', 'other')], 200),
        ('/auth', [m, u, bearer(BOB), ('X-Policy-Surface', 'other')], 200), ('/access/v1/evaluation', [ok], 404), ('/metrics', [ok], 404),
    ]
    for target, headers, wanted in rows:
        got = send(policyd.unix, 'GET', target, headers)
        t.check(f'{target} with {headers}', wanted, got.status)
        t.check(f'{target}: says who', got.status in (200, 401, 403), len(got.get('x-policy-user')) == 1)
    kind, cut, small = ('Content-Type', 'application/json'), 'X-Envoy-Auth-Partial-Body', b'{"model": "small"}'
    for headers, body, wanted in (([kind], small, 200), ([kind, (cut, 'false')], small, 200), ([kind, (cut, 'true')], small, 403),
                                  ([kind, (cut, 'false'), (cut, 'false')], small, 403), ([kind, (cut, '')], small, 403),
                                  ([kind], small.ljust(1024), 200), ([kind], small.ljust(1025), 403), ([], small, 403)):
        t.check(f'a body of {len(body)} with {headers}', wanted,
                send(policyd.unix, 'POST', '/ext_authz/v1/chat', [ok] + headers, body).status)
    twice = send(policyd.unix, 'GET', '/auth', [m, u, ok, ok])
    t.check('a credential twice', (401, [''], 'invalid_request'),
            (twice.status, twice.get('x-policy-user'), ((twice.json() or {}).get('error') or {}).get('code')))
    for method in METHODS[:8] + METHODS[9:]:
        t.check(f'/auth by {method}', 200, send(policyd.unix, method, '/auth', [m, u, ok]).status)
    t.check('a stranger at the socket', 'refused', stranger(policyd))


def stranger(policyd):
    """Asks as somebody else, who is no peer of the listener."""
    if os.getuid() != 0:
        return 'refused'
    r, w = os.pipe()
    os.chmod(policyd.folder, 0o711)
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            a = [send(policyd.unix, 'GET', '/ext_authz' + p, [bearer(ANN)]) for p in ('/v1/models', '/ping')]
            os.write(w, b'refused' if all(x.status in (401, 403) and not x.get('x-policy-user') for x in a) else str([x.status for x in a]).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.chmod(policyd.folder, 0o700)
    return os.read(r, 100).decode()


def gone(t, app, at, policyd):
    """Without policyd nothing passes; with it again, what is allowed."""
    t.check('before', 200, send(at, 'GET', '/v1/models', [bearer(BOB)]).status)
    app.take()
    policyd.freeze()
    answers = [send(at, 'GET', '/ping')]
    policyd.thaw()
    policyd.stop()
    answers += [send(at, 'GET', target, headers) for target in ('/ping', '/v1/models') for headers in ([], [bearer(ANN)])]
    t.check('policyd stopped: nothing is let through', ([503] * 5, []), ([a.status for a in answers], app.take()))
    policyd.start()
    end = time.monotonic() + 20
    while send(at, 'GET', '/v1/models', [bearer(BOB)]).status != 200 and time.monotonic() < end:
        time.sleep(0.1)
    app.take()
    t.check('and is there again', 200, send(at, 'GET', '/v1/models', [bearer(BOB)]).status)
    t.check('for whom it was', 403, send(at, 'GET', '/v1/models', [bearer(CARL)]).status)
    t.check('so the application', 1, len(app.take()))

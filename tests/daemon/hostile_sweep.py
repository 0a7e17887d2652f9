# SPDX-License-Identifier: Apache-2.0
"""Every route × method × spelling of its path over TCP: by nobody, by who is nobody, and by who
may something else. What needs a caller's right is never reached without; and whoever has it
reaches each route in one spelling."""
import subprocess

from http_world import BODY, request

METHODS = ('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'post', 'PROPFIND')
AUTHZEN, PROXY, HEALTH = 1, 2, 4        # of `serve:`, daemon/conf.h
SERVED = AUTHZEN | HEALTH               # on TCP, in http_world.py
LESSER = {1: 'seeker', 2: 'judge', 4: 'host'}   # for each right, who has another
RIGHT = {1: 'host', 2: 'host'}


def spellings(path):
    """of a path; the first two are its own"""
    folder, name = path.rsplit('/', 1)
    return [path, path + '?a=b', path + '/', path + '/.', '/' + path, folder + '//' + name, '/.' + path, '/x/..' + path, f'{path}/../{name}',
            f'{folder}/%{ord(name[0]):02x}{name[1:]}', f'{folder}%2f{name}', f'{folder}%5c{name}', path + '%00', path + '%20', path + ';a=b',
            path + '%0d%0aX:1', path + '%', path.upper(), path[:1] + path[1:].replace('/', '\\') + '\\', path + '/%2e%2e%2fadmin', path + '#x',
            'http://a' + path, path[:-2], path + '.json']


class Line:
    """Requests one after the other, over a connection that may end."""

    def __init__(self, w):
        self.w, self.one = w, None

    def status(self, method, path, headers):
        raw = request(method, path, headers, BODY)
        for _ in range(2):
            self.one = self.one or self.w.tcp()
            a = self.one.send(raw).answer(method != 'HEAD')
            if a is None or a['Connection'] == 'close':
                self.one.close()
                self.one = None
            if a:
                return a.status
        return None


def run(c, w, routes):
    table = [r.split() for r in subprocess.run([routes], capture_output=True, text=True, check=True).stdout.splitlines()]
    line = Line(w)
    asked = refused = 0
    wrong = []
    for method, path, below, serve, may in table:
        below, serve, may = below == '1', int(serve), int(may)
        header = 'X-Policy-Caller' if serve == PROXY else 'Authorization'
        scheme = '' if serve == PROXY else 'Bearer '
        who = [[], [(header, scheme + 'garbage')], [(header, scheme + 'pass:nobody')], [(header, scheme + 'pass:' + LESSER.get(may, 'host'))],
               [('Cookie', 'pass:host')]]
        for verb in METHODS:
            for i, spelling in enumerate(spellings(path)):
                reaches = serve & SERVED and (i < 2 or below and spelling.startswith(path + '/')) and method in ('*', verb)
                for headers in who if may else who[:1]:
                    status = line.status(verb, spelling, headers)
                    asked += 1
                    if may == 0 and reaches:
                        continue                # open to anybody
                    if status is None or status >= 400:
                        refused += 1
                    else:
                        wrong.append((status, verb, spelling, headers))
        if serve & SERVED and may in RIGHT and serve != PROXY:
            status = [line.status(method, s, [(header, f'{scheme}pass:{RIGHT[may]}')]) for s in spellings(path)]
            c.check(f'{path}, by who may', ([True, True], set()), ([s not in (401, 403, 404) for s in status[:2]], set(status[2:]) - {400, 404}))
    c.check('who may not, and did', [], wrong)
    c.check('routes there are', True, len(table) > 5)
    print(f'sweep: {len(table)} routes x {len(METHODS)} methods x {len(spellings("/a/b"))} spellings: {asked} requests, {refused} refused, '
          f'{len(wrong)} allowed to who may not')

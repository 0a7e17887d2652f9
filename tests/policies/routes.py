#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""routes.py --asked PROGRAM [--shared DIR] [--keep DIR] [--all] [NAME...]: the `routes:` of policies/NAME.yaml against NAME.tsv.

Each row is asked for with every method and with paths written in many ways, by people who have the right, who have another,
and who are nobody. What the row says is what it is taken for, and who is allowed is who may do that by the policy without
its routes; what no row says is refused, whoever asks. The rows of Xinference are held against the lists that were read from
its releases, where they are. --keep writes the questions with their answers, for policy_mutants.py.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, 'tests', 'differential'), os.path.join(TOP, 'tests', 'lint')]
import policy_mutants
import routes as reading

METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'get')


# ---- who asks: (subject, its type, kind, scopes, models and types of the token, a bearer) ----

def who(name, kind=None, scopes=None, models=None, types=None, secret=None):
    typed, _, rest = (name or '').partition(':')
    is_typed = rest and typed in ('service', 'site', 'key', 'token')
    return (typed if is_typed else None, rest if is_typed else name, kind, scopes, models, types, secret)


NOBODY = [who(None), who(None, secret='a bearer of nobody'), who('ghost')]
# of those below: who may most, and who may less, for what is asked very often
FEW = {'xinference': ('user1', 'guest'), 'xinference-v3': ('ada', 'vera'), 'torchserve': ('inference', 'management', 'api'), 'ml-blocks': ('amy', 'ann'),
       'integrate-ai': ('mia', 'olga'), 'flower': ('1', 'server-app')}
PEOPLE = {
    'xinference': [who('user1'), who('user2'), who('ops'), who('tidy'), who('guest'), who('user1', 'cookie'), who('user2', 'session', 'models:list'),
                   who('user1', 'session', ''), who('user1', 'api_key')],
    'xinference-v3': [who('vera'), who('uma'), who('otto'), who('ines'), who('kim'), who('udo'), who('ada'), who('ada', 'cookie'),
                      who('ada', 'api_key'), who('uma', 'api_key', models='qwen3'), who('otto', 'session', 'models:list')] +
                     [who('ada', 'api_key', types=t) for t in ('LLM', 'embedding', 'rerank', 'audio', 'image', 'video', 'world')],
    'torchserve': [who('key:inference', 'inference'), who('key:management', 'management'), who('key:api', 'api'), who('service:trainer', 'service'),
                   who('service:vision', 'service'), who('key:inference'), who('key:management', 'cookie'), who('service:trainer', 'inference')],
    'ml-blocks': [who('ann'), who('ben'), who('amy'), who('amy', 'api_key'), who('amy', 'password'), who('amy', 'cookie'), who('newcomer')],
    'integrate-ai': [who('mia'), who('noah'), who('olga'), who('mia', scopes='cli'), who('mia', scopes=''), who('mia', scopes='read_user_session')],
    'flower': [who('token:1', 'bearer'), who('token:1', 'cookie'), who('olaf', 'session'), who('olaf', 'bearer'), who('lena', 'session'),
               who('service:server-app', 'session'), who('site:clinic', 'session')],
}
# What stands for a variable: something that somebody has a right on, and something else.
VALUES = {'model_uid': 'qwen3', 'model_id': 'qwen3', 'model': 'qwen3', 'model_name': 'qwen3', 'user_id': 'uma', 'key_id': '1', 'block': 'vision/resnet',
          'data': 'vision/faces', 'pipeline': 'p-ann', 'session': 'mnist', 'url': 'https://models.example/m.mar', 'path': 'what/ever'}


class Row:
    def __init__(self, line):
        (sets, self.method, self.path, query, body, action, resource, given, context, public) = line.split('\t')
        self.sets = sets.split(',')
        none = lambda s: None if s == '-' else s
        self.query = [] if query == '-' else [tuple(p.split('=', 1)) for p in query.split('&')]
        self.body, self.action, self.resource = none(body), none(action), none(resource)
        self.given, self.context, self.public, self.never = none(given), none(context), public == 'public', public == 'nobody'
        segments = [self.segment(t) for t in self.path[1:].split('/')]
        query = [(k, v.strip('{}'), v[:1] == '{') for k, v in self.query]
        self.route = reading.Route(self.method, segments, query, self.action, self.resource, self.body, self.public)
        self.route.row = self
        self.names = [t for k, t in segments if k != 'literal'] + [v for _, v, is_var in query if is_var]

    @staticmethod
    def segment(text):
        m = re.fullmatch(r'\{(\w+)(/|\*\*)?\}', text)
        return ({None: 'one', '/': 'slash', '**': 'rest'}[m[2]], m[1]) if m else ('literal', text.encode())

    def target(self, other, slashed=None):
        def value(m): return 'a%2Fb' if m[1] == slashed else 'zz' if other else VALUES.get(m[1], 'some')
        path = re.sub(r'\{(\w+)[/*]*\}', value, self.path)
        return path + ('?' + '&'.join(f'{k}={re.sub(r"{(.*)}", value, v)}' for k, v in self.query) if self.query else '')


def rows(name):
    with open(os.path.join(HERE, name + '.tsv'), encoding='utf-8') as fh:
        return [Row(line.rstrip('\n')) for line in fh if line[0] != '#']


# ---- what is asked ----

def spellings(target):
    path, mark, query = target.partition('?')
    q, parts = mark + query, path.split('/')
    last = parts[-1] or 'x'
    letter = next((i for i, c in enumerate(path) if c.isalpha()), None)
    yield from ('/' + target, path + '/' + q, path + '//' + q, path + '/extra' + q, path + '/.' + q, path + '/..' + q, '/x/..' + target, '/.' + target,
                '/%2e%2e' + target, path + ';x=1' + q, path + '%00' + q, path + '%2F' + q, path + '%' + q, path + '%0a' + q, path + '\\' + q, target + '#x',
                'http://h' + target, path[1:] + q, '/'.join(parts[:-1]) + '%2F' + last + q, '/'.join(parts[:-1]) + q, '/'.join(parts[:-1]) + '/' + q,
                '/'.join(parts[:-1]) + '//' + last + q, path + '?x=1' + ('&' + query if query else ''), path + '?' + query + '&' + query, path,
                '/'.join(parts[:-1]) + '/' + last.upper() + q, path + ' ' + q, path + '%252e' + q, path + '.json' + q)
    if letter is not None:
        yield path[:letter] + '%%%02x' % ord(path[letter]) + path[letter + 1:] + q
        yield path[:letter] + path[letter].upper() + path[letter + 1:] + q


def bodies(row):
    if row.body is None:
        return [None]
    f = row.body
    return ['{"%s": "qwen3"}' % f, '{"%s": "zz", "n": 1}' % f, None, '', '{}', '{"%s": 1}' % f, '{"%s": ""}' % f, '{"%s": "qwen3", "%s": "zz"}' % (f, f),
            '{"%s": "qwen3", "%s": "zz"}' % (f, f.upper()), '{"%s": "qwen3"} x' % f, '["qwen3"]', f + '=qwen3']


def probes(table):
    """(set, method, target, body): is it one of a row, as it should be written?"""
    out = {}
    for row in table:
        method = 'POST' if row.method == '*' else row.method
        for s in row.sets:
            for other in (False, True):
                target = row.target(other)
                for body in bodies(row):
                    out[s, method, target, body] = True
                for m in METHODS:
                    out.setdefault((s, m, target, bodies(row)[0]), m == method)
                out[s, method, target, bodies(row)[0]] = True
                for odd in spellings(target):
                    out.setdefault((s, method, odd, bodies(row)[0]), False)
            for name in row.names:
                out[s, method, row.target(False, name), bodies(row)[0]] = False
            if row.query:
                out[s, method, row.path, None] = True
                for k, v in row.query:
                    out[s, method, f'{row.path}?{k}=', None] = out[s, method, f'{row.path}?{k}=zz', None] = True
                    out[s, method, f'{row.path}?{k}=m.mar', None] = True
            out['nowhere', method, row.target(False), None] = True
    return out


class Reader:
    def __init__(self, table):
        self.sets = {}
        for row in table:
            for s in row.sets:
                self.sets.setdefault(s, []).append(row.route)

    def read(self, probe):
        """(row, its variables), or None"""
        s, method, target, body = probe
        depth = target.partition('?')[0].count('/')
        near = [r for r in self.sets.get(s, []) if len(r.segments) == depth or r.segments[-1][0] == 'rest']
        try:
            found = reading.find(near, method.encode(), target.encode(), None if body is None else body.encode())
        except reading.Refused:
            return None
        return found and (found[0].row, {k: v.decode() for k, v in found[1].items()})


def hexed(s):
    return '-' if s is None else s.encode().hex()


def question(form, fields, asker):
    return '\t'.join([form] + [hexed(f) for f in fields] + [hexed(f) for f in asker])


def filled(text, got):
    return text and re.sub(r'\{(\w+)\}', lambda m: got[m[1]], text)


def decided(row, got, asker):
    """the same without its route"""
    kind, _, name = (filled(row.resource, got) or '').partition('/')
    pair = (kind, name) if row.resource else (None, None)
    return question('D', (row.action, *pair, filled(row.given, got), filled(row.context, got)), asker)


# ---- judging ----

class Judge:
    def __init__(self, name):
        self.name, self.passed, self.failed, self.skipped = name, 0, 0, 0

    def check(self, good, what):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good and self.failed <= 10:
            print(f'failed: {self.name}: {what}')


def ask(program, path, lines):
    done = subprocess.run([program, path], input='\n'.join(lines) + '\n', stdout=subprocess.PIPE, text=True, check=False)
    answers = done.stdout.split('\n')[:-1]
    if done.returncode != 0 or len(answers) != len(lines):
        sys.exit(f'{path}: {program} says {done.returncode}, {len(answers)} answers to {len(lines)} questions')
    return answers


def judge_one(j, probe, asker, found, answer, plain):
    said = answer.split('\t')
    verdict = said[0].split(' ')[0]
    what = f'{probe} by {asker}: {answer}'
    if found is None:
        j.check(verdict == 'deny' and len(said) == 1, what)
        return
    row, got = found
    kind, _, name = (filled(row.resource, got) or '').partition('/')
    word = lambda s: s.encode().hex() or '-'
    j.check(said[1:] == [str(int(row.public)), word(row.action or ''), word(kind), word(name)], what)
    if row.public:
        j.check(verdict == 'allow', what)
    else:
        j.check(said[0] == plain, f'{what}; without the route {plain}')


def sweep(j, program, path, table, keep, is_all):
    reader, seen = Reader(table), set()
    people = NOBODY + PEOPLE[j.name]
    few = people if is_all else NOBODY[:2] + [w for w in people if w[1] in FEW[j.name] and w[3:] == people[0][3:]]
    taken = [(probe, reader.read(probe), is_plain) for probe, is_plain in probes(table).items()]
    asked = [(probe, asker, found) for probe, found, is_plain in taken for asker in (people if is_plain else few)]
    lines = [question('H', (*probe, None), asker) for probe, asker, _ in asked]
    plain = list(dict.fromkeys(decided(*found, asker) for _, asker, found in asked if found and found[0].action))
    answers = ask(program, path, lines)
    known = dict(zip(plain, ask(program, path, plain)))
    for (probe, asker, found), answer in zip(asked, answers):
        judge_one(j, probe, asker, found, answer, known.get(decided(*found, asker)) if found and found[0].action else None)
        if found:
            seen.add(found[0])
        if answer.startswith('allow'):
            seen.add((found and found[0], True))
    for row in table:
        j.check(row in seen, f'{row.method} {row.path}: nothing was taken for it')
        j.check(((row, True) in seen) != row.never, f'{row.method} {row.path}: {"somebody" if row.never else "nobody"} may')
    if keep:
        with open(os.path.join(keep, j.name + '.expected'), 'w', encoding='utf-8') as fh:
            fh.writelines(f'{line}\t=\t{answer}\n' for line, answer in zip(lines, answers))


# ---- the lists of Xinference ----

# What its list calls by a variable, or leaves out: scopes that are asked inside of a handler or chosen at start, and paths of loops.
CHOSEN = {'dependencies': 'logs:list', 'read_dependencies': 'settings:read', 'write_dependencies': 'settings:write',
          '[Depends(require_keys_read)]': 'keys:create', '[]': 'users:password', "['logs:list', 'model_requests:read_body']": 'model_requests:read_body'}
INSIDE = {'/v1/autostart/models': {'GET': 'models:write', 'POST': 'models:write'}, '/v1/launch_history': {'GET': 'models:list', 'POST': 'models:write'},
          '/v1/launch_history/{model_name}': {'DELETE': 'models:write'}, '/v1/launch_history/{model_name}/{model_uid}': {'DELETE': 'models:write'},
          '/v1/model_favorites': {'GET': 'models:list', 'PUT': 'models:list', 'DELETE': 'models:list'}}
LOOPS = {'api.create_message': ['/v1/messages', '/anthropic/v1/messages'],
         'api.count_anthropic_tokens': ['/v1/messages/count_tokens', '/anthropic/v1/messages/count_tokens']}
LOOPED = ('/v1/token_router', '/v1/tokenizer_assets', '/v1/monitor/prometheus/')	# scopes routers:*


def scope(text):
    return CHOSEN.get(text) or ('public' if text == '(none)' else re.fullmatch(r"\['(.*)'\]", text)[1])


def listed(path):
    out = {}
    with open(path, encoding='utf-8') as fh:
        for line in fh:
            method, where, wants, handler = line.rstrip('\n').split('\t')
            if where == 'path' and handler not in LOOPS:
                continue
            for place in LOOPS.get(handler, [where]):
                if place in INSIDE:
                    out.update({(m, place): a for m, a in INSIDE[place].items()})
                else:
                    out[method.upper(), place] = scope(wants)
    return out


def compare(j, table, path):
    if not os.path.exists(path):
        print(f'skipped: {j.name}: no list beside the tree')
        j.skipped += 1
        return
    want = listed(path)
    for s in ('default', 'models'):
        have = {(r.method, r.path): r.action or 'public' for r in table if s in r.sets}
        for key, action in want.items():
            j.check(have.get(key) == action, f'{s}: {key} is {have.get(key)}, the list says {action}')
        for key, action in have.items():
            j.check(key in want or key[1].startswith(LOOPED) and action.startswith('routers:'), f'{s}: {key} is in no list')


LISTS = {'xinference': 'xinference-routes-1.17.tsv', 'xinference-v3': 'xinference-routes-4.1.tsv'}


def with_routes():
    for file in sorted(os.listdir(os.path.join(TOP, 'policies'))):
        with open(os.path.join(TOP, 'policies', file), encoding='utf-8') as fh:
            if '\nroutes:\n' in fh.read():
                yield file.removesuffix('.yaml')


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    ap.add_argument('--asked', required=True)
    ap.add_argument('--shared', default=os.environ.get('POLICY_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--keep')
    ap.add_argument('--all', action='store_true', help='everybody asks in every spelling')
    ap.add_argument('names', nargs='*')
    opt = ap.parse_args()
    total = [0, 0, 0]
    for name in opt.names or with_routes():
        j, table = Judge(name), rows(name)
        with tempfile.TemporaryDirectory() as directory, open(os.path.join(TOP, 'policies', name + '.yaml'), encoding='utf-8') as fh:
            path = os.path.join(directory, name + '.yaml')
            with open(path, 'w', encoding='utf-8') as out:
                out.write(policy_mutants.inhabited(fh.read()))
            sweep(j, opt.asked, path, table, opt.keep, opt.all)
        if name in LISTS:
            compare(j, table, os.path.join(opt.shared, 'facts', LISTS[name]))
        print(f'{name}: {len(table)} rows, {j.passed} passed, {j.failed} failed')
        total = [a + b for a, b in zip(total, (j.passed, j.failed, j.skipped))]
    print('%d passed, %d failed%s' % (*total[:2], f', {total[2]} skipped' if total[2] else ''))
    return 1 if total[1] else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the tests of a policy file notice when one thing of it is taken away?

    policy_mutants.py [--checker 'policyctl test {}'] [--routes COMMAND] [--jobs N] [--list] FILE...

Each file is read as a tree; one thing at a time is deleted or weakened; the rest is written to a temporary file, and the
checker is run on it ({} is the file). It notices by failing: 1, a test fails, or 65, the file is refused. What is not
noticed is printed by name. Exit 0: all noticed; 1: some survived; 2: no answer (a checker that cannot be run or that
fails on the whole file). Comments, descriptions and reasons are for people, tests are the measure: neither is touched.

Tests of a policy do not speak of its `routes:`. Those are changed in the text itself, and it is COMMAND that must notice, on
the file as a host would have it with its fixtures ({name} is the file's, without .yaml; {path} how the route's path begins, in
hexadecimal); without --routes they are left alone.
"""
import argparse, copy, os, re, shlex, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
import yaml

NOTICED = (1, 65)
ALWAYS, NEVER = 'has action.name', 'not has action.name'


# ---- the tree: PyYAML's nodes, so that plain and quoted stay apart ----
def read(path):
    with open(path, encoding='utf-8') as fh:
        return yaml.compose(fh, Loader=yaml.BaseLoader)


def write(node):
    def nulls(n):                                   # an empty plain scalar cannot be written inside { }
        if isinstance(n, yaml.ScalarNode):
            if n.style is None and n.value == '':
                n.value = 'null'
        else:
            for x in n.value:
                for y in x if isinstance(x, tuple) else (x,):
                    nulls(y)
    node = copy.deepcopy(node)
    nulls(node)
    return yaml.serialize(node, Dumper=yaml.BaseDumper, width=1 << 20, allow_unicode=True)


def is_map(n): return isinstance(n, yaml.MappingNode)
def is_seq(n): return isinstance(n, yaml.SequenceNode)
def is_text(n): return isinstance(n, yaml.ScalarNode) and n.value != ''
def pairs(n): return [(k.value, v) for k, v in n.value] if is_map(n) else []
def get(n, key): return next((v for k, v in pairs(n) if k == key), None)
def items(n): return n.value if is_seq(n) else [n] if n is not None and (is_map(n) or is_text(n)) else []


class Mutants:
    """Every (name, text) of one file. A change is made in the one tree, written, and undone."""

    def __init__(self, path):
        self.root, self.out = read(path), []

    def line(self, n): return n.start_mark.line + 1

    def emit(self, name, at):
        self.out.append((f'line {self.line(at)}: {name}', write(self.root)))

    def without(self, name, holder, member):
        """holder: a mapping (member is a key) or a sequence (member is a node)"""
        old = holder.value
        hit = [x for x in old if (x[0].value == member if isinstance(x, tuple) else x is member)]
        holder.value = [x for x in old if x not in hit]
        self.emit(name, hit[0][0] if isinstance(hit[0], tuple) else hit[0])
        holder.value = old

    def with_text(self, name, node, text):
        old = node.value
        node.value = text
        self.emit(name, node)
        node.value = old

    def each(self, name, holder, key, alone=None):
        """each item of a list; a single one goes with its key, or as `alone` says where an empty one would be refused anyway"""
        n = get(holder, key)
        for x in items(n):
            label = f'{name} - {x.value if is_text(x) else "entry"}'
            if is_seq(n) and len(n.value) > 1:
                self.without(label, n, x)
            elif alone:
                alone(label)
            else:
                self.without(label, holder, key)

    def key(self, name, holder, *keys):
        for k in keys:
            if get(holder, k) is not None:
                self.without(f'{name}.{k}', holder, k)

    # ---- conditions ----
    def conditions(self, name, holder):
        for k in ('when', 'unless'):
            self.each(f'{name}.{k}', holder, k)
            for x in items(get(holder, k)):
                self.terms(f'{name}.{k}', x)

    def terms(self, name, node):
        for what, text in shorter(node.value):
            self.with_text(f'{name}: {what}', node, text)

    # ---- entries ----
    def entries(self, name, holder, key):
        n = get(holder, key)
        for e in items(n):
            label = f'{name} - {e.value if is_text(e) else "entry " + ", ".join(x.value for x in items(get(e, "actions")))}'

            def gone(what=label, e=e):
                self.without(what, n, e) if is_seq(n) else self.without(what, holder, key)
            if not is_map(e):
                gone()
                continue
            if len(items(get(e, 'actions'))) > 1:
                gone()
            self.each(f'{label}: actions', e, 'actions', alone=gone)
            self.patterns(f'{label}: resources', e, 'resources')
            self.conditions(label, e)
            self.key(label, e, 'id')

    def patterns(self, name, holder, key):
        self.each(name, holder, key)
        for x in items(get(holder, key)):
            kind, slash, glob = x.value.partition('/')
            if slash:
                self.with_text(f'{name}: {x.value} widened to {kind}', x, kind)
            if slash and '*' in glob and '**' not in glob:
                self.with_text(f'{name}: {x.value} with **', x, f'{kind}/{glob.replace("*", "**")}')

    # ---- sections ----
    def resources(self, name, top):
        for t, v in pairs(get(top, 'resources')):
            w = f'{name}.{t}'
            self.without(w, get(top, 'resources'), t)
            self.key(w, v, 'owner', 'parent', 'attributes')
            if is_map(get(v, 'owner')):
                self.key(f'{w}.owner', get(v, 'owner'), 'subject', 'type')
            if is_map(get(v, 'parent')):
                self.key(f'{w}.parent', get(v, 'parent'), 'from')
                self.each(f'{w}.parent.type', get(v, 'parent'), 'type')
            elif is_seq(get(v, 'parent')):
                self.each(f'{w}.parent', v, 'parent')
            for a, d in pairs(get(v, 'attributes')):
                self.without(f'{w}.attributes.{a}', get(v, 'attributes'), a)
                self.key(f'{w}.attributes.{a}', d, 'from', 'default')

    def actions(self, name, top):
        acts = get(top, 'actions')
        if is_seq(acts):
            self.each(name, top, 'actions')
        for a, v in pairs(acts):
            w = f'{name}.{a}'
            self.without(w, acts, a)
            for k in ('resource', 'implies', 'aliases'):
                self.each(f'{w}.{k}', v, k)
            if len(items(get(v, 'resource'))) > 1:
                self.key(w, v, 'resource')
            self.conditions(w, v)

    def conditions_section(self, name, top):
        for c, v in pairs(get(top, 'conditions')):
            self.without(f'{name}.{c}', get(top, 'conditions'), c)
            self.with_text(f'{name}.{c} always', v, ALWAYS)
            self.with_text(f'{name}.{c} never', v, NEVER)
            self.terms(f'{name}.{c}', v)

    def roles(self, name, top):
        for r, v in pairs(get(top, 'roles')):
            w = f'{name}.{r}'
            self.without(w, get(top, 'roles'), r)
            self.each(f'{w}.includes', v, 'includes')
            self.entries(f'{w}.allow', v, 'allow')
            self.entries(f'{w}.deny', v, 'deny')

    def every(self, name, top):
        if get(top, name) is not None:
            self.each(name, get(top, name), 'roles', alone=lambda label: self.without(label, top, name))

    def users(self, name, top):
        for u, v in pairs(get(top, 'users')):
            w = f'{name}.{u}'
            self.without(w, get(top, 'users'), u)
            self.each(f'{w}.roles', v, 'roles')
            self.each(f'{w}.groups', v, 'groups')
            for a, _ in pairs(get(v, 'attributes')):
                self.without(f'{w}.attributes.{a}', get(v, 'attributes'), a)

    def groups(self, name, top):
        for g, v in pairs(get(top, 'groups')):
            w = f'{name}.{g}'
            self.without(w, get(top, 'groups'), g)
            self.each(f'{w}.members', v, 'members')
            self.each(f'{w}.roles', v, 'roles')

    def grants(self, name, top):
        for g in items(get(top, 'grants')):
            w = f'{name}: ' + ' '.join(x.value for k in ('role', 'to', 'resource') for x in items(get(g, k)))
            self.without(w, get(top, 'grants'), g)
            for k in ('role', 'to'):
                if len(items(get(g, k))) > 1:
                    self.each(f'{w}: {k}', g, k)
            self.key(w, g, 'from', 'until')
            self.patterns(f'{w}: resource', g, 'resource')

    def scopes(self, name, top):
        for s, v in pairs(get(top, 'scopes')):
            self.without(f'{name}.{s}', get(top, 'scopes'), s)
            self.entries(f'{name}.{s}', get(top, 'scopes'), s)

    def credentials(self, name, top):
        rows = get(top, 'credentials')
        if rows is not None:
            self.without(name, top, 'credentials')
        for c, v in pairs(rows):
            self.without(f'{name}.{c}', rows, c)
            self.key(f'{name}.{c}', v, 'ceiling')
            self.entries(f'{name}.{c}.ceiling', v, 'ceiling')
            self.conditions(f'{name}.{c}', v)

    def entities(self, name, top):
        for e, v in pairs(get(top, 'entities')):
            w = f'{name}.{e}'
            self.without(w, get(top, 'entities'), e)
            for a, x in pairs(v):
                if a == 'parent' and get(v, 'inherit') is not None and get(v, 'inherit').value == 'false':
                    continue                        # cut off: which parents those are is there to be read
                self.each(f'{w}.{a}', v, a) if is_seq(x) and x.value else self.without(f'{w}.{a}', v, a)

    def all(self):
        top = self.root
        top.value = [x for x in top.value if x[0].value != 'routes']
        self.resources('resources', top)
        self.actions('actions', top)
        self.conditions_section('conditions', top)
        self.roles('roles', top)
        self.every('everyone', top)
        self.every('authenticated', top)
        self.scopes('scopes', top)
        self.credentials('credentials', top)
        for where, t in (('', top), ('fixtures.', get(top, 'fixtures'))):
            for section in ('users', 'groups', 'grants', 'entities'):
                getattr(self, section)(where + section, t)
        whole = write(self.root)
        return whole, [(name, text) for name, text in self.out if text != whole]


# ---- routes: in the text, a line each; what is the same for whoever asks is noticed by what is asked ----
def inhabited(text):
    """the policy with its fixtures as people, grants and things of its own; without its tests"""
    text, _, _ = text.partition('\ntests:\n')
    top, mark, fixtures = text.partition('\nfixtures:')
    return top + '\n' + re.sub(r'^  ', '', fixtures.partition('\n')[2], flags=re.M) + '\n' if mark else text + '\n'


class RouteMutants:
    def __init__(self, path):
        with open(path, encoding='utf-8') as fh:
            self.text, self.out = inhabited(fh.read()), []
        self.root = yaml.compose(self.text, Loader=yaml.BaseLoader)

    def emit(self, name, node, start, end, put=''):
        self.out.append((f'line {node.start_mark.line + 1}: {name}', lambda: self.text[:start] + put + self.text[end:], self.path))

    def without(self, name, holder, key):
        rows = holder.value
        i = next(i for i, (k, _) in enumerate(rows) if k.value == key)
        k, v = rows[i]
        if i + 1 < len(rows):
            self.emit(f'{name}.{key}', k, k.start_mark.index, rows[i + 1][0].start_mark.index)
        else:
            self.emit(f'{name}.{key}', k, rows[i - 1][1].end_mark.index if i else k.start_mark.index, v.end_mark.index)

    def with_text(self, name, node, text):
        self.emit(name, node, node.start_mark.index, node.end_mark.index, '"' + text + '"')

    def match(self, name, node):
        method, _, path = node.value.partition(' ')
        if method != '*':
            self.with_text(f'{name} of any method', node, f'* {path}')
            self.with_text(f'{name} of another method', node, f'{"PUT" if method != "PUT" else "GET"} {path}')
        for m in re.finditer(r'\{(\w+)(\**)\}', path):
            for put in ('{%s/}' % m[1], '{%s**}' % m[1], '{%s}' % m[1], m[1]):
                if put != m[0]:
                    self.with_text(f'{name} with {put}', node, f'{method} {path[:m.start()]}{put}{path[m.end():]}')
        self.with_text(f'{name} and below', node, node.value.rstrip('/') + '/{below**}')
        self.with_text(f'{name} with a slash', node, node.value + '/')

    def route(self, name, item, actions):
        for key in ('query', 'action', 'resource', 'body', 'with', 'context', 'public'):
            n = get(item, key)
            if n is None:
                continue
            if len(item.value) > 1:
                self.without(name, item, key)
            if is_map(n) and len(n.value) > 1:
                for k, _ in n.value:
                    self.without(f'{name}.{key}', n, k.value)
            for k, v in pairs(n):
                self.with_text(f'{name}.{key}.{k} of another value', v, 'another')
        if get(item, 'action') is not None:
            said = get(item, 'action').value
            for other in actions[(actions.index(said) + 1) % len(actions):][:1] + actions[:1]:
                if other != said:
                    self.with_text(f'{name} for {other}', get(item, 'action'), other)
        if get(item, 'public') is None:
            self.emit(f'{name} public', item, item.end_mark.index - 1, item.end_mark.index, ', public: true }')
        if get(item, 'resource') is not None:
            kind, _, what = get(item, 'resource').value.partition('/')
            self.with_text(f'{name} about another', get(item, 'resource'), f'{kind}/{"another" if what != "another" else "other"}')
        self.match(name, get(item, 'match'))

    def all(self):
        actions = [a for a, _ in pairs(get(self.root, 'actions'))]
        for s, v in pairs(get(self.root, 'routes')):
            for item in items(v):
                name = f'routes.{s}: {get(item, "match").value}'
                self.path = name.partition(' /')[2].partition('{')[0].encode().hex()
                start = self.text.rindex('\n', 0, item.start_mark.index)
                self.emit(name, item, start, self.text.index('\n', item.end_mark.index))
                self.route(name, item, actions)
        return self.text, self.out


# ---- conditions: a text with one term less ----
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()\[\],]|[<>=!]=?|[^\s()\[\],"<>=!]+', re.S)


def shorter(text):
    """(what went, the condition without it): each term of an and/or chain, each `not`, each element of a list"""
    toks = TOKEN.findall(text)

    def cut(a, b): return ' '.join(toks[:a] + toks[b:])

    def show(a, b): return ' '.join(toks[a:b])
    out, chains = [], [[0]]                         # chains: for each open bracket, where its terms begin
    for i, t in enumerate(toks):
        if t in ('(', '['):
            chains.append([i + 1])
        elif t in ('and', 'or', ','):
            chains[-1].append(i + 1)
        elif t in (')', ']'):
            out += links(toks, chains.pop() + [i + 1])
        elif t == 'not':
            yield 'without not', cut(i, i + 1)
    for a, b in out + links(toks, chains.pop() + [len(toks) + 1]):
        yield f'without {show(a, b)}', cut(a, b)


def links(toks, starts):
    """the spans to cut from a chain of terms: a term goes with the word that binds it, `and` before `or`"""
    spans = [(a, b - 1) for a, b in zip(starts, starts[1:])]
    if len(spans) < 2:
        return []
    out = []
    for i, (a, b) in enumerate(spans):
        after = i + 1 < len(spans) and (i == 0 or toks[b] == 'and' and toks[a - 1] == 'or')
        out.append((a, b + 1) if after else (a - 1, b))
    return out


# ---- running ----
def run(command, text, directory, name, n, about='2f'):
    place = os.path.join(directory, str(n))         # a folder each: the checker sees the file under its own name
    os.mkdir(place, 0o700)
    path = os.path.join(place, name)
    with open(path, 'w', encoding='utf-8') as fh:
        fh.write(text() if callable(text) else text)
    try:
        words = [path if w == '{}' else w.replace('{path}', about) for w in command]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace')
        return done.returncode, done.stdout + done.stderr
    except OSError as e:
        return 127, str(e)
    finally:
        os.unlink(path)
        os.rmdir(place)


def tried(kind, command, path, directory, pool, is_listed):
    """(tried, noticed), or None: no answer"""
    name = os.path.basename(path)
    command = [w.replace('{name}', name.removesuffix('.yaml')) for w in command]
    whole, mutants = kind(path).all()
    rc, said = run(command, whole, directory, name, 'whole')
    if rc != 0:
        print(f'{name}: the checker fails on the file itself ({rc})\n{said}', file=sys.stderr)
        return None
    results = pool.map(lambda x: run(command, x[1][1], directory, name, x[0], *x[1][2:]), enumerate(mutants))
    noticed = 0
    for (what, *_), (rc, said) in zip(mutants, results):
        if rc != 0 and rc not in NOTICED:
            print(f'{name}: {what}: the checker gave no answer ({rc})\n{said}', file=sys.stderr)
            return None
        noticed += rc != 0
        if rc == 0 or is_listed:
            print(f'{name}: {"noticed" if rc else "SURVIVED"}: {what}')
    print(f'{name}{"" if kind is Mutants else ": routes"}: {len(mutants)} tried, {noticed} noticed', flush=True)
    return len(mutants), noticed


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--checker', default='policyctl test {}', help='command; {} is the file (default: %(default)s)')
    ap.add_argument('--routes', help='command for routes; {} is the file, {name} its name, {path} a path')
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--list', action='store_true', help='print every mutant and whether it was noticed')
    ap.add_argument('files', nargs='+')
    opt = ap.parse_args()
    checkers = [(Mutants, shlex.split(opt.checker))] + ([(RouteMutants, shlex.split(opt.routes))] if opt.routes else [])
    if any('{}' not in command for _, command in checkers):
        ap.error('a checker needs a word {}')
    sums = [0, 0]
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(opt.jobs) as pool:
        for path in opt.files:
            with open(path, encoding='utf-8') as fh:
                has_routes = '\nroutes:' in fh.read()
            for kind, command in checkers[:1 + has_routes]:
                got = tried(kind, command, path, directory, pool, opt.list)
                if got is None:
                    return 2
                sums = [a + b for a, b in zip(sums, got)]
    print(f'policy mutants: {sums[0]} tried, {sums[1]} noticed, {sums[0] - sums[1]} survived')
    return 1 if sums[0] != sums[1] else 0


if __name__ == '__main__':
    sys.exit(main())

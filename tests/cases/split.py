#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""split.py FILE DIR: one policy file as five, DIR/1 to DIR/5; then the 120 orders of five names, one a line.

Cut as text, so that nothing but the file's own lines is in the five: sections begin in column 0, their items
in column 2. Sections fall apart at items, a role at its keys or inside its list.
"""
import itertools, os, re, sys

NAMES = '10.yaml', '9.yaml', 'Z.yaml', 'a.yaml', 'policy.yaml'      # in byte order


def cut(text, indent):
    """the pieces of text that begin with a word in that column; comments and blank lines are dropped"""
    out = []
    for line in text.splitlines(keepends=True):
        if not line.strip() or line.lstrip().startswith('#'): continue
        if re.match(' ' * indent + r'\S', line): out.append(line)
        elif out: out[-1] += line
    return out


def halves(text):
    """`key: [a, b, c, d]` twice, each with half of the list"""
    head, items, tail = re.fullmatch(r'(.*?\[)(.*)(\]\s*)', text, re.S).groups()
    items = [i.strip() for i in items.split(',')]
    n = len(items) // 2
    return [head + ', '.join(part) + tail for part in (items[:n], items[n:])]


def split(text):
    sections = {}
    for piece in cut(text, 0):
        head, _, body = piece.partition('\n')
        name = head.split(':')[0]
        sections[name] = head + '\n', cut(body, 2)
    files = [[], [], [], [], []]

    def put(n, name, items): files[n - 1].append(sections[name][0] + ''.join(items))

    def items(name): return sections[name][1]
    roles = {i.split(':')[0].strip(): i.partition('\n') for i in items('roles')}

    def role(n, name, body): files[n - 1].append('roles:\n' + roles[name][0] + '\n' + body)
    put(1, 'resources', items('resources'))
    actions = items('actions')
    put(1, 'actions', actions[:7])
    put(2, 'actions', actions[7:])
    first, second = halves(roles['user'][2])
    role(2, 'user', first)
    files[2].append('roles:\n' + roles['user'][0] + '\n' + second + ''.join(roles['auditor']))
    role(4, 'admin', ''.join(k for k in cut(roles['admin'][2], 4) if k.strip().startswith('includes')))
    role(5, 'admin', ''.join(k for k in cut(roles['admin'][2], 4) if not k.strip().startswith('includes')))
    put(4, 'authenticated', [])
    put(3, 'routes', items('routes'))                               # a set of routes stays whole
    put(5, 'description', [])
    for n, i in zip((3, 4, 5), items('fixtures'), strict=True): put(n, 'fixtures', [i])
    tests = items('tests')
    put(1, 'tests', tests[0::2])
    put(2, 'tests', tests[1::2])
    return ['policy: 1\n' + ''.join(f) for f in files]


def main():
    with open(sys.argv[1]) as f: parts = split(f.read())
    for n, text in enumerate(parts, 1):
        with open(os.path.join(sys.argv[2], str(n)), 'w') as out: out.write(text)
    for order in itertools.permutations(NAMES): print(*order)


main()

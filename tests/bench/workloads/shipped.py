#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shipped.py OUT [--policies DIR]: the policies of the tree, asked what their own tests ask.

The fixtures become sections of the set, for a host never hears fixtures. The fixed requests are the lines of the tests,
again and again; the stream puts the askers of all tests before the lines of all tests. Tests at a certain time are left
out: a host's clock is its own. Needs python3-yaml, and says so where it is not there.
"""
import json, os, re, sys

from common import Folder, arguments, generator, request

HERE = os.path.dirname(os.path.abspath(__file__))
ASKER = ('as', 'subject', 'groups', 'token', 'kind', 'token_attributes', 'actor', 'context')
JOINED = {'users': dict, 'groups': dict, 'entities': dict, 'grants': list}


def reader(yaml):
    """The YAML of this language: true and false, decimal numbers, null; all else is text."""
    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {}
    for tag, pattern, first in (('bool', 'true|false', 'tf'), ('null', '~|null|', ['~', 'n', '']),
                                ('int', '-?(0|[1-9][0-9]*)', '-0123456789'),
                                ('float', r'-?(0|[1-9][0-9]*)\.[0-9]+', '-0123456789')):
        Loader.add_implicit_resolver(f'tag:yaml.org,2002:{tag}', re.compile(f'(?:{pattern})\\Z'), list(first))
    return Loader


def many(v):
    return v if isinstance(v, list) else [] if v is None else [v]


def split(text):
    """(type, name) of a subject."""
    kind, colon, name = text.partition(':')
    return (kind, name) if colon else ('user', text)


def asker(test):
    """What a request has beside its action and thing."""
    who, out = str(test['as']), {}
    if who != 'anonymous': out['subject'] = (*split(who), test.get('subject'))
    if 'actor' in test:
        kind, name = split(str(test['actor']))
        out['actor'] = {'type': kind, 'id': name}
    if any(k in test for k in ('token', 'kind', 'token_attributes')):
        out['token'] = {**test.get('token_attributes', {}),
                        **({'scopes': [str(s) for s in many(test['token'])]} if 'token' in test else {}),
                        **({'kind': str(test['kind'])} if 'kind' in test else {})}
    out.update((k, test[k]) for k in ('groups', 'context') if k in test)
    return out


def asked(who, line, said, expected=None):
    action, _, thing = line.partition(' ')
    subject = who.get('subject')
    q = request(subject or ('', ''), action, None, expected, **{k: v for k, v in who.items() if k not in ('subject', 'token')})
    if subject is None: del q['subject']
    if 'token' in who: q['token'] = who['token']
    if thing:
        kind, _, ident = thing.partition('/')
        properties = said.get(thing, {}) if any('/' in k for k in said) else said
        q['resource'] = {'type': kind, 'id': ident, **({'properties': properties} if properties else {})}
    return q


def lines(tests):
    """(asker, line, attributes of the thing, expected) of each line of each test."""
    for t in tests:
        for verdict in ('allow', 'deny'):
            for line in many(t.get(verdict)): yield asker(t), line, t.get('with', {}), verdict == 'allow'


def joined(whole):
    """The set without its tests, its fixtures as sections."""
    out = {k: v for k, v in whole.items() if k not in ('fixtures', 'tests')}
    for section, made in JOINED.items():
        more = (whole.get('fixtures') or {}).get(section)
        if more: out[section] = {**(out.get(section) or {}), **more} if made is dict else many(out.get(section)) + more
    return out


def workload(args, name, path, loader, yaml):
    with open(path, encoding='utf-8') as f: whole = yaml.load(f, loader)
    timed = [t for t in whole['tests'] if 'now' in t]
    if timed: print(f'{name}: {len(timed)} tests at a certain time left out', file=sys.stderr)
    rows, rng = list(lines(t for t in whole['tests'] if 'now' not in t)), generator('shipped', name)
    folder = Folder(args.out, name, family='shipped')
    with folder.file('policy.yaml') as f:
        f.write('# SPDX-License-Identifier: Apache-2.0\n')
        f.writelines(f'{k}: {json.dumps(v, ensure_ascii=False)}\n' for k, v in joined(whole).items())
    folder.requests('requests.jsonl', (asked(*rows[i % len(rows)]) for i in range(max(1000, len(rows)))))
    def drawn():
        who, (_, line, said, _) = rng.choice(rows)[0], rng.choice(rows)
        return asked(who, line, said)
    folder.requests('stream.jsonl', (drawn() for _ in range(args.stream)))
    folder.done()


def main():
    args = arguments(__doc__, ('--policies', {'default': os.path.join(HERE, '..', '..', '..', 'policies')}))
    try:
        import yaml
    except ImportError:
        print('skipped: the policies that are shipped (no python3-yaml)', file=sys.stderr)
        return
    for file in sorted(os.listdir(args.policies)):
        name = f'shipped-{file.removesuffix(".yaml")}'
        if file.endswith('.yaml') and args.wants(name):
            workload(args, name, os.path.join(args.policies, file), reader(yaml), yaml)


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""What every generator of workloads shares: how requests and sets are written. Python's own library."""
import argparse, json, os, random, re

STREAM = 65_536
# family, generator, what it needs beside the tree
FAMILIES = {'apps': 'apps.py', 'ladder': 'ladder.py', 'casbin': 'casbin.py', 'attributes': 'attributes.py',
            'shipped': 'shipped.py'}
PLAIN = re.compile(r'[A-Za-z_][A-Za-z0-9_./-]*\Z')
NO_TEXT = {'true', 'false', 'null', 'all'}


def quoted(text):
    """TEXT as a scalar of flow YAML: as it stands where that reads the same, else in double quotes."""
    if PLAIN.match(text) and text not in NO_TEXT: return text
    return json.dumps(text, ensure_ascii=False)


def value(v):
    if v is True or v is False: return 'true' if v else 'false'
    if isinstance(v, (int, float)): return repr(v)
    if isinstance(v, list): return '[' + ', '.join(value(x) for x in v) + ']'
    if isinstance(v, dict): return '{ ' + ', '.join(f'{quoted(k)}: {value(x)}' for k, x in v.items()) + ' }'
    return quoted(v)


def member(kind, name):
    """A subject as the language writes it: a user by its name, others with their type."""
    return name if kind == 'user' else f'{kind}:{name}'


def request(subject, action, resource, expected=None, **more):
    """subject and resource are (type, id) or (type, id, properties); resource may be None."""
    def thing(t):
        return {'type': t[0], 'id': t[1], **({'properties': t[2]} if len(t) > 2 and t[2] else {})}
    r = {'subject': thing(subject), 'action': {'name': action}}
    if resource is not None: r['resource'] = thing(resource)
    r.update((k, v) for k, v in more.items() if v)
    if expected is not None: r['expected'] = bool(expected)
    return r


class Folder:
    """One workload: a folder, and what is written into it."""

    def __init__(self, root, name, **facts):
        self.path, self.name = os.path.join(root, name), name
        os.makedirs(self.path, exist_ok=True)
        self.facts = {'name': name, **facts}

    def file(self, name):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return open(path, 'w', encoding='utf-8', newline='\n')

    def text(self, name, text):
        with self.file(name) as f: f.write(text)

    def lines(self, name, lines):
        with self.file(name) as f: f.writelines(f'{l}\n' for l in lines)

    def requests(self, name, requests):
        self.lines(name, (json.dumps(r, separators=(',', ':'), ensure_ascii=False) for r in requests))

    def done(self):
        self.text('name.json', json.dumps(self.facts, indent=1) + '\n')
        print(self.name)


def generator(*what):
    """The seeded generator of WHAT: text, so that it draws the same wherever it runs."""
    return random.Random(' '.join(str(w) for w in what))


def arguments(doc, *more):
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('out', help='where the folders are written')
    p.add_argument('--only', default='', help='a regular expression: names that it is found in')
    p.add_argument('--stream', type=int, default=STREAM, help='requests of the stream')
    for flag, options in more: p.add_argument(flag, **options)
    args = p.parse_args()
    args.wants = lambda name: re.search(args.only, name) is not None
    return args

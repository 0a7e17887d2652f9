# SPDX-License-Identifier: Apache-2.0
"""Writes a document as YAML, in a random but sound style: block or flow, plain or quoted. With rng None: plain block style."""
import json
import re

from pools import Src

WORDS = ('true', 'false', 'null', '~', '')
NUMBER = re.compile(r'-?(?:0|[1-9][0-9]*)(\.[0-9]+)?')
SAFE = re.compile(r'[\w./\\-](?:[\w ./\\+*-]*[\w./\\+*-])?')                  # plain anywhere
START = re.compile(r'[\w(./\\]')
BLOCK = re.compile(r'(?!.*(?:: | #|:$))[^\n\t]*[^\s]', re.S)              # plain in block style
ASCII_KEY = re.compile(r'[A-Za-z_]\w*')


def decimal(v):
    s = repr(v)
    if 'e' in s: s = format(v, '.400f').rstrip('0'); s += '0' if s.endswith('.') else ''
    return s


def quoted(s, rng):
    if '\n' in s or "'" in s or rng is not None and rng.random() < .6: return json.dumps(s, ensure_ascii=False)
    return "'" + s + "'"


def plain_ok(s, flow):
    if s in ('-', '.', '...', '---', '?') or s.startswith(('- ', '---', '...')): return False
    return SAFE.fullmatch(s) is not None or not flow and START.match(s) is not None and BLOCK.fullmatch(s) is not None


def scalar(v, flow, rng):
    if v is None: return 'null' if rng is None or rng.random() < .5 else '~'
    if v is True or v is False: return 'true' if v else 'false'
    if isinstance(v, int): return str(v)
    if isinstance(v, float): return decimal(v)
    if isinstance(v, Src):
        return str(v) if v not in ('null', '~', '') and plain_ok(v, flow) else quoted(v, rng)
    if v in WORDS or NUMBER.fullmatch(v) or not plain_ok(v, flow) or rng is not None and rng.random() < .08: return quoted(v, rng)
    return v


def key(k, flow, rng):
    return k if ASCII_KEY.fullmatch(k) or plain_ok(k, True) else quoted(k, rng)


def flow(v, rng):
    if isinstance(v, dict): return '{' + ', '.join(f'{key(k, True, rng)}: {flow(x, rng)}' for k, x in v.items()) + '}'
    if isinstance(v, list): return '[' + ', '.join(flow(x, rng) for x in v) + ']'
    return scalar(v, True, rng)


def after(v, ind, rng):
    """what follows `key:` or `-`, with its leading space or line end"""
    if not isinstance(v, (dict, list)) or not v:
        if v is None and rng is not None and rng.random() < .4: return ''
        return ' ' + (flow(v, rng) if isinstance(v, (dict, list)) else scalar(v, False, rng))
    if rng is not None and rng.random() < (.25 if ind < 2 else .7): return ' ' + flow(v, rng)
    pad = '  ' * ind
    if isinstance(v, dict): return ''.join(f'\n{pad}{key(k, False, rng)}:{after(x, ind + 1, rng)}' for k, x in v.items())
    return ''.join(f'\n{pad}-{item(x, ind, rng)}' for x in v)


def item(v, ind, rng):
    """a list item; a mapping begins on the dash's own line"""
    text = after(v, ind + 1, rng)
    return ' ' + text.lstrip('\n ') if isinstance(v, dict) and text.startswith('\n') else text


def emit(doc, rng=None):
    out = []
    for k, v in doc.items():
        if rng is not None and rng.random() < .1: out.append('# a remark: {of no meaning}')
        out.append(f'{key(k, False, rng)}:{after(v, 1, rng)}')
        if rng is not None and rng.random() < .2: out.append('')
    return '\n'.join(out) + '\n'

# SPDX-License-Identifier: Apache-2.0
"""The real clients of hosts, through a proxy: what a denial looks like to who uses them."""
import os
import subprocess
import sys

from proxy_world import token

OPENAI = '''
import sys, openai
c = openai.OpenAI(api_key=sys.argv[2], base_url=sys.argv[1] + "/v1", max_retries=0)
try:
    print("ok", [m.id for m in c.models.list().data] if sys.argv[3] == "list" else c.models.delete("m1"))
except openai.APIStatusError as e:
    print(type(e).__name__, e.status_code, e.code, e)
'''
XINFERENCE = '''
import sys
from xinference_client import RESTfulClient
c = RESTfulClient(sys.argv[1], api_key=sys.argv[2])
try:
    print("ok", list(c.list_models()) if sys.argv[3] == "list" else c.terminate_model("m1"))
except Exception as e:
    print(type(e).__name__, e)
'''


def ask(build, folder, code, *args):
    where = os.path.join(build, 'tools', 'proxies')
    env = {'PYTHONPATH': where, 'PATH': os.environ['PATH'], 'HOME': folder, 'NO_COLOR': '1', 'TERM': 'dumb', 'COLUMNS': '200'}
    if isinstance(code, dict):
        env.update(code)
        command = [sys.executable, '-c', 'from integrate_ai.cli import main; main()']
    else:
        command = [sys.executable, '-c', code]
    r = subprocess.run(command + list(args), capture_output=True, text=True, env=env, timeout=120)
    return ' '.join((r.stdout + r.stderr).split())


def has(t, what, got, *wanted):
    t.check(f'{what}: {got[-300:]!r} says {wanted}', [], [w for w in wanted if w not in got])


def run(t, build, folder, at):
    if not os.path.isdir(os.path.join(build, 'tools', 'proxies', 'openai')):
        return t.skip(14, 'real clients through a proxy (not in build/tools: no registry)')
    url = f'http://127.0.0.1:{at[1]}'
    ann, bob, carl, old = token('ann'), token('bob'), token('carl'), token('ann', expires=-3600)
    for name, key, verb, wanted in (
            ('may', bob, 'list', ['ok', 'm1']), ('expired', old, 'list', ['AuthenticationError 401 expired', 'The credential has expired']),
            ('bad', 'x', 'list', ['AuthenticationError 401 bad_credential', 'The credential is not valid']),
            ('may not', carl, 'list', ['PermissionDeniedError 403 forbidden', 'Not enough permissions']),
            ('may read only', bob, 'delete', ['PermissionDeniedError 403 forbidden', 'Not enough permissions'])):
        has(t, f'openai: {name}', ask(build, folder, OPENAI, url, key, verb), *wanted)
    for name, key, verb, wanted in (
            ('may', bob, 'list', ['ok', 'm1']), ('expired', old, 'list', ['RuntimeError', 'The credential has expired']),
            ('bad', 'x', 'list', ['RuntimeError', 'The credential is not valid']),
            ('may not', carl, 'list', ['RuntimeError', 'Not enough permissions']),
            ('may read only', bob, 'stop', ['RuntimeError', 'Not enough permissions'])):
        has(t, f'xinference-client: {name}', ask(build, folder, XINFERENCE, url, key, verb), *wanted)
    for name, sub, more, wanted in (
            ('may', 'ann', {}, ['9.0', 'Published']), ('may not', 'bob', {}, ['Not enough permissions']),
            ('expired', 'ann', {'expires': -3600}, ['The credential has expired']),
            ('bad', 'ann', {'secret': b'x' * 40}, ['The credential is not valid'])):
        t_ = token(sub, customer='c', env='e', **more)
        has(t, f'iai: {name}', ask(build, folder, {'IAI_TOKEN': t_, 'IAI_DEBUG_API_URL': url}, 'sdk', 'list'), *wanted)

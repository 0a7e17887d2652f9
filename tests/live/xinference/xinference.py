# SPDX-License-Identifier: Apache-2.0
"""The real clients of an Xinference that policyd guards.

usage: xinference.py BUILD FOLDER
"""
import asyncio
import json
import os
import re
import subprocess
import sys
import time

# before the path below: a folder of tests has an http.py of its own
import openai
from xinference_client import AsyncRESTfulClient, RESTfulClient

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', '..', 'daemon'))
from proxy_envoy import Envoy  # noqa: E402
from xinference_world import Count, World, documented, free_port, send, settle  # noqa: E402

HELLO = [{'role': 'user', 'content': 'hello'}]


class Matrix(Count):
    """A line a call: who, what, and what came of it; `wanted` is a part of that."""

    def row(self, client, who, what, wanted, call):
        try:
            got = str(call())
        except Exception as e:      # what its user would see
            got = f'{type(e).__name__}: {e}'
        got = re.sub(r'eyJ[\w.-]+|(sk-|pol_)\w+', '...', ' '.join(got.split()))
        good = wanted in got
        self.passed += good
        self.failed += not good
        print(f'{"ok    " if good else "FAILED"} {client:12} {who:22} {what:14} {got[:110]}' + ('' if good else f'\n       wanted: {wanted}'))


def logged_in(url, name, password):
    c = RESTfulClient(url)
    c.login(name, password)
    return c


def sync(m, url):
    one = logged_in(url, 'user1', 'secret1')
    two = logged_in(url, 'user2', 'secret2')
    bad = RESTfulClient(url)
    m.row('sync', 'a wrong password', 'login', 'Incorrect username or password', lambda: bad.login('user1', 'x'))
    m.row('sync', 'nobody', 'list', 'Not authenticated', lambda: list(bad.list_models()))
    for who, c in (('admin, session', one), ('reader, session', two), ('reader, API key', RESTfulClient(url, api_key='sk-35tkasdyGLYMy'))):
        m.row('sync', who, 'list', "['m1', 'm2']", lambda: list(c.list_models()))
        m.row('sync', who, 'chat', 'm1 says hello to user', lambda: c.get_model('m1').chat(HELLO)['choices'][0]['message']['content'])
        m.row('sync', who, 'launch', 'RuntimeError: Failed to launch model, detail: Not enough permissions' if 'reader' in who else 'q',
              lambda: c.launch_model('q', model_type='LLM', model_engine='vllm'))
        m.row('sync', who, 'terminate', 'Not enough permissions' if 'reader' in who else 'None', lambda: c.terminate_model('m1'))
    m.row('sync', 'an unknown key', 'list', 'Could not validate credentials', lambda: list(RESTfulClient(url, api_key='sk-AAAAAAAAAAAAA').list_models()))


async def asynchronous(m, url):
    async def row(who, what, wanted, call):
        try:
            got = await call
        except Exception as e:
            got = f'{type(e).__name__}: {e}'
        m.row('async', who, what, wanted, lambda: got)
    c, bad = AsyncRESTfulClient(url), AsyncRESTfulClient(url)
    key = AsyncRESTfulClient(url, api_key='sk-35tkasdyGLYMy')
    try:
        await c.login('user1', 'secret1')
        await row('admin, session', 'list', 'm1', c.list_models())
        await row('a wrong password', 'login', 'Incorrect username or password', bad.login('user1', 'x'))
        await row('nobody', 'list', 'Not authenticated', bad.list_models())
        await row('reader, API key', 'list', 'm1', key.list_models())
        await row('reader, API key', 'chat', 'm1 says hello', (await key.get_model('m1')).chat(HELLO))
        await row('reader, API key', 'launch', 'Not enough permissions', key.launch_model('q', model_type='LLM', model_engine='vllm'))
    finally:
        for x in (c, bad, key):
            await x.close()


def sdk(m, url, session):
    def of(key):
        return openai.OpenAI(base_url=url + '/v1', api_key=key, max_retries=0)
    for who, key in (('reader, API key', 'sk-35tkasdyGLYMy'), ('admin, session', session)):
        m.row('openai', who, 'list', "['m1', 'm2']", lambda: [x.id for x in of(key).models.list()])
        m.row('openai', who, 'chat', 'm1 says hello', lambda: of(key).chat.completions.create(model='m1', messages=HELLO).choices[0].message.content)
    m.row('openai', 'an unknown key', 'list', 'AuthenticationError: Error code: 401', lambda: of('sk-AAAAAAAAAAAAA').models.list())
    m.row('openai', 'may start only, key', 'chat', 'PermissionDeniedError: Error code: 403',
          lambda: of('sk-StartStop0001').chat.completions.create(model='m1', messages=HELLO))


def known(w, key):
    """Another process made the key: policyd learns of it when it next looks into the store."""
    asked = json.dumps({'model': 'm1'}).encode()
    says = [('Authorization', 'Bearer ' + key), ('Content-Type', 'application/json')]
    end = time.monotonic() + 10
    while send(w.bodies, 'POST', '/ext_authz/v1/chat/completions', says, asked).status == 401 and time.monotonic() < end:
        time.sleep(0.02)


def one_model(m, build, w, folder, app_port):
    """The user `one` may use m1, and so may his key. Envoy sends bodies along, nginx does not."""
    w.policyctl('user', 'add', 'one')
    w.policyctl('grant', 'add', 'one', 'models:read', 'model/m1')
    w.policyctl('grant', 'add', 'one', 'models:list', 'model/m1')
    key = w.policyctl('token', 'create', 'one', '--kind', 'api_key').strip()
    if not os.path.exists(os.path.join(build, 'tools', 'proxies', 'envoy', '_bin', 'envoy')):
        return m.skip(4, 'a key for one model (no Envoy in build/tools)')
    text, bodies = documented('ENVOY')[:2]
    own, = documented('XINFERENCE')[3:]
    at = 'http_service:'
    envoy = Envoy(build, folder, 'envoy', text.replace(' ' * 14 + at, bodies.rstrip('\n') + '\n' + ' ' * 14 + at), [
        ('              routes: [ { match: { prefix: "/" }, route: { cluster: app } } ]\n', own), ('port_value: 8080', f'port_value: {app_port}'), ('/run/policyd/proxy.sock', w.bodies)])
    try:
        known(w, key)
        url = f'http://127.0.0.1:{envoy.at[1]}'

        def chat(model):
            return openai.OpenAI(base_url=url + '/v1', api_key=key, max_retries=0).chat.completions.create(model=model, messages=HELLO)
        m.row('openai', 'a key for m1', 'chat with m1', 'm1 says hello', lambda: chat('m1').choices[0].message.content)
        m.row('openai', 'a key for m1', 'chat with m2', 'PermissionDeniedError: Error code: 403', lambda: chat('m2'))
        c = RESTfulClient(url, api_key=key)
        m.row('sync', 'a key for m1', 'm1', 'm1 says hello', lambda: c.get_model('m1').chat(HELLO))
        m.row('sync', 'a key for m1', 'm2', 'Not enough permissions', lambda: c.get_model('m2').chat(HELLO))
    finally:
        envoy.stop()


def expiry(m, build, folder, app_port):
    w = World(build, folder, lifetime='3s', leeway='0s')
    try:
        w.accounts()
        w.start()
        w.front(app_port)
        c = logged_in(f'http://127.0.0.1:{w.at[1]}', 'user2', 'secret2')
        m.row('sync', 'a session of 3 s', 'list', 'm1', lambda: list(c.list_models()))
        time.sleep(4)
        m.row('sync', 'the same, ended', 'list', 'Could not validate credentials', lambda: list(c.list_models()))
        c.login('user2', 'secret2')
        m.row('sync', 'logged in again', 'list', 'm1', lambda: list(c.list_models()))
    finally:
        w.stop()


def main(build, folder):
    m, port = Matrix(), free_port()
    app = subprocess.Popen([sys.executable, os.path.join(here, 'app.py'), str(port)])
    w = World(build, os.path.join(folder, 'w'), bodies=True)
    try:
        settle(('127.0.0.1', port), app)
        w.accounts()
        w.start()
        w.front(port)
        url = f'http://127.0.0.1:{w.at[1]}'
        sync(m, url)
        asyncio.run(asynchronous(m, url))
        sdk(m, url, logged_in(url, 'user1', 'secret1')._get_token())
        one_model(m, build, w, folder, port)
        expiry(m, build, os.path.join(folder, 'e'), port)
    finally:
        w.stop()
        app.terminate()
        app.wait()
    return m.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))

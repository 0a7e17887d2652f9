# SPDX-License-Identifier: Apache-2.0
"""Three clients of AuthZEN that others wrote, as PyPI has them: decern, authzen-policy-backend,
apparitor. Each asks over TCP with a token, what is allowed and what is not."""
import asyncio
import logging
import os
import sys

from authzen_world import EVALUATION, TOKENS, World

SET = '''
policy: 1
resources: { model: , mcp_tool: }
actions: { "models:read": , read: , call: , "policyd:evaluate": , "policyd:search": }
roles:
  user: { allow: [ "models:read", read ] }
  agent: { allow: { actions: call, resources: mcp_tool/search, when: [ action.resource_type == "mcp_tool", subject.bound_to_user_id == "u1" ] } }
  host: { allow: "policyd:evaluate" }
users:
  alice: { roles: user }
  "ai_agent:auth:agent:agentmesh:a1": { roles: agent }
  service:host: { roles: host }
entities: { model/m1: {} }
'''
TESTS = 19


def decern_(w, url, count):
    import decern
    c = decern.Client(url, token=TOKENS['host'])
    alice, m1 = {'type': 'user', 'id': 'alice'}, {'type': 'model', 'id': 'm1'}
    count.check('decern: allowed', True, c.evaluate(alice, 'models:read', m1, {'ip': '1.2.3.4'}).allowed)
    d = c.evaluate(alice, 'models:write', m1)
    count.check('decern: denied', (False, 'unknown_action'), (d.allowed, d.context['reason']))
    if w.request('GET', '/healthz', port=w.port).status == 404:
        count.skip(1, 'decern: healthy (no /healthz in this policyd)')
    else:
        count.check('decern: healthy', True, c.healthy())
    for token, status in ((None, 401), ('x' * 40, 401), (TOKENS['nobody'], 403)):
        try:
            decern.Client(url, token=token).evaluate(alice, 'models:read', m1)
            got = None
        except decern.DecernError as e:
            got = e.status_code
        count.check(f'decern: a caller who may not: {status}', status, got)
    try:
        c.evaluate({'type': 'user'}, 'models:read', m1)
        got = None
    except decern.DecernError as e:
        got = (e.status_code, e.body[:1])
    count.check('decern: malformed', (400, '"'), got)


def backend(w, url, count):
    from authzen_backend import AuthZENBackend
    asked = {'agent_id': 'a1', 'user_id': 'u1', 'tool_name': 'search', 'action': 'call'}
    for what, change, token, wanted in (('allowed', {}, 'host', True), ('another tool', {'tool_name': 'shell'}, 'host', False),
                                        ('for another', {'user_id': 'u2'}, 'host', False), ('a caller who may not', {}, 'nobody', False)):
        b = AuthZENBackend(url + EVALUATION, 'app1', token=TOKENS[token])
        d = b.evaluate({**asked, **change})
        count.check(f'authzen-policy-backend: {what}', wanted, d.allowed)
        b.close()


def apparitor_(w, url, count):
    from apparitor import Action, BatchEvaluationRequest, EvaluationItem, EvaluationRequest, Resource, ScannerConfig, Subject
    from apparitor.client import AuthZENClient

    async def go():
        c = AuthZENClient(ScannerConfig(pdp_url=url, allow_insecure_pdp=True, default_headers={'Authorization': 'Bearer ' + TOKENS['host']}))
        alice, m1 = Subject(type='user', id='alice'), Resource(type='model', id='m1')
        for name, wanted in (('read', True), ('x', False)):
            d = await c.evaluate(EvaluationRequest(subject=alice, action=Action(name=name), resource=m1))
            count.check(f'apparitor: {name}', wanted, d.decision)
        got = await c.evaluate_batch(BatchEvaluationRequest(subject=alice, evaluations=[
            EvaluationItem(action=Action(name=a), resource=m1) for a in ('read', 'x', 'models:read')]))
        count.check('apparitor: a batch', [True, False, True], [d.decision for d in getattr(got, 'evaluations', got)])
    asyncio.run(go())


def run(args, count):
    tools = os.path.join(args.tools, 'authzen')
    if not os.path.isdir(os.path.join(tools, 'decern')):
        return count.skip(TESTS, 'clients from PyPI (not in build/tools: ./bootstrap check installs them)')
    sys.path.insert(0, tools)
    logging.disable(logging.CRITICAL)      # a refusal that is wanted is an error to them
    w = World(args, 'clients', {'set.yaml': SET}, tcp=True)
    url = f'http://127.0.0.1:{w.port}'
    for client in (decern_, backend, apparitor_):
        client(w, url, count)
    w.end(count)

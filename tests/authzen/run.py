#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AuthZEN scenarios answered by `policyctl decide --batch`: ours, and foreign vectors where they are.

run.py --policyctl FILE --tmp DIR [--vectors FILE]
The last line reads `N passed, N failed`. Python's own library, nothing else.
"""
import argparse, json, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ENTITIES = 'subject', 'action', 'resource', 'context'


class Sheet:
    """Requests to one of our policies, with the users and records of a scenario."""
    passed = failed = 0

    def __init__(s, args, title, policy, fixtures):
        s.args, s.title, s.asked = args, title, []
        s.policy = os.path.join(HERE, policy + '.yaml')
        s.data = os.path.join(args.tmp, title.replace(' ', '-') + '.yaml')
        with open(s.data, 'w') as out: json.dump({'policy': 1, 'fixtures': fixtures}, out)      # JSON is YAML
        os.chmod(s.data, 0o644)

    def line(s, name, text, want):
        """want: true, false, or the reason of a deny"""
        s.asked.append((name, text, want))

    def ask(s, name, request, want):
        """a request; one with evaluations is a line for each, and want a list"""
        items = request.get('evaluations')
        if not items:
            return s.line(name, json.dumps(request), want)
        above = {k: request[k] for k in ENTITIES if k in request}
        if len(items) != len(want): sys.exit(f'{name}: {len(items)} evaluations, {len(want)} answers')
        for i, (item, w) in enumerate(zip(items, want), 1):
            s.line(f'{name} [{i}]', json.dumps({**above, **item}), w)

    def answers(s, *options):
        text = ''.join(t + '\n' for _, t, _ in s.asked)
        p = subprocess.run([s.args.policyctl, 'decide', '--batch', *options, '-p', s.policy, '-p', s.data],
                           input=text.encode(), capture_output=True)
        out = p.stdout.decode().splitlines()
        if p.returncode or len(out) != len(s.asked):
            print(p.stderr.decode()[:2000])
            print(f'failed: {s.title}: exit status {p.returncode}, {len(out)} answers to {len(s.asked)} requests')
            return None
        return [json.loads(l) for l in out]

    def finish(s):
        got = s.answers('--fixtures')
        if got is None: return s.count(0, len(s.asked))
        wrong = 0
        for (name, text, want), answer in zip(s.asked, got):
            reason = answer['context']['reason']
            ok = answer['decision'] is (want is True) and (isinstance(want, bool) or reason == want)
            if ok and isinstance(want, bool) and reason == 'error': ok = False       # a no that is no answer
            wrong += not ok
            if not ok and wrong <= 20:
                print(f'failed: {s.title}: {name}: wanted {want}, got {answer["decision"]} ({reason}): {text}')
        # The answers come from the scenario's people and things: without them they are others.
        blind = s.answers()
        lost = blind and sum(a['decision'] and not b['decision'] for a, b in zip(got, blind))
        if not lost:
            wrong += 1
            print(f'failed: {s.title}: nothing changes without fixtures')
        print(f'{s.title}: {len(s.asked)} requests, {sum(w is True for _, _, w in s.asked)} to be allowed, '
              f'{sum(w == "error" for _, _, w in s.asked)} malformed, {lost or 0} lost without fixtures')
        s.count(len(s.asked) + 1 - wrong, wrong)

    @staticmethod
    def count(passed, failed):
        Sheet.passed += passed
        Sheet.failed += failed


def own(args):
    sheet = None
    with open(os.path.join(HERE, 'own.jsonl')) as f: lines = [json.loads(l) for l in f]
    for c in lines:
        if 'fixtures' in c:
            if sheet: sheet.finish()
            sheet = Sheet(args, 'our own ' + c['policy'], c['policy'], c['fixtures'])
        elif 'raw' in c: sheet.line(c['what'], c['raw'], c['want'])
        else: sheet.ask(c['what'], c['request'], c['want'])
    sheet.finish()


def search(sheet, name, kind, request, wanted, everything, exact):
    """A search is a question about each name that it might list."""
    for x in everything:
        if kind == 'action': one, result = {'action': {'name': x}}, {'name': x}
        else:
            result = {'type': request[kind]['type'], 'id': x}
            one = {kind: {**request[kind], 'id': x}}
        if exact or result in wanted: sheet.ask(f'{name} {x}', {**request, **one}, result in wanted)


def malformed(request):
    """The reason for what an AuthZEN server must refuse with 400. The language gives a meaning to a request
    without a subject (anonymous) and to one without a resource: both are a no, but answers."""
    return 'no_credential' if 'subject' not in request else 'no_rule' if 'resource' not in request else 'error'


def certification(args, data):
    fixture, roles = data['fixture'], {'alice': 'writer', 'bob': 'reader'}
    users = {u['id']: {'roles': roles[u['id']], 'attributes': u.get('properties', {})} for u in fixture['subjects']}
    records = {r['id']: r['properties'] for r in fixture['resources']}
    every = {'subject': users, 'resource': records, 'action': fixture['actions']}
    sheet = Sheet(args, 'certification', 'cert',
                  {'users': users, 'entities': {f'record/{i}': v for i, v in records.items()}})
    server = []
    for c in data['cases']:
        name, status, body = c['id'], c['expect_status'], c.get('expect_body') or {}
        request, kind = c.get('request'), c['path'].rsplit('/', 1)[1]
        if kind not in ('evaluation', 'evaluations'):
            if kind in every and status == 200 and 'results' in body:
                search(sheet, name, kind, request, body['results'], every[kind], not body['results'])
            else: server.append(name)
        elif 'text/plain' in (c.get('headers') or {}).values(): server.append(name)
        elif status == 400: sheet.line(name, c.get('request_raw') if request is None else json.dumps(request),
                                       'error' if request is None else malformed(request))
        elif request.get('evaluations'):
            # Where only the shape is checked, the eight rules decide all the same.
            want = [e['decision'] for e in body.get('evaluations', ())] or [rule(fixture, request, e) for e in request['evaluations']]
            sheet.ask(name, request, want)
        else: sheet.ask(name, request, body['decision'])
    sheet.finish()
    print(f'certification: for a server alone: {len(server)} cases ({" ".join(server)})')


def rule(fixture, request, item):
    """the rule of the fixture that names subject, action and resource of an evaluation"""
    e = {**request, **item}
    want = e['subject']['id'], e['action']['name'], e['resource']['id']
    for r in fixture['decision_rules']:
        if (r.get('subject'), r['action'], r.get('resource')) == want: return r['decision']
    return e['action']['name'] == 'read'        # both may read any record


def todo(args, data, gateway):
    users = {}
    for u in data['users']:
        p = u['properties']
        for t in '', 'identity:': users[t + u['id']] = {'roles': p['roles'], 'attributes': {'email': p['email']}}
    for title, cases in (('todo', data['evaluation']), ('todo draft 01', data['evaluation_draft01']),
                         ('todo batches', data['evaluations']), ('gateway', gateway['evaluation'])):
        sheet = Sheet(args, title, 'todo', {'users': users})
        for n, c in enumerate(cases, 1):
            want = c['expected']
            sheet.ask(f'case {n}', c['request'], want if isinstance(want, bool) else [e['decision'] for e in want])
        sheet.finish()


def searches(args, data, idp):
    people = {u['id']: {'attributes': {'role': u['role'], 'department': u['department']}} for u in data['users']}
    for title, records, kinds in (('search', data['records'], {k: data[k] for k in ('subject', 'resource', 'action')}),
                                  ('idp', idp['records'], {'resource': idp['resource_search']})):
        stored = {str(r['id']): {k: v for k, v in r.items() if k != 'id'} for r in records}
        every = {'subject': people, 'resource': stored, 'action': ('view', 'edit', 'delete')}
        sheet = Sheet(args, title, 'search', {'users': people, 'entities': {f'record/{i}': v for i, v in stored.items()}})
        for kind, cases in kinds.items():
            for n, c in enumerate(cases, 1):
                search(sheet, f'{kind} {n}', kind, c['request'], c['expected']['results'], every[kind], True)
        sheet.finish()


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--policyctl', required=True)
    p.add_argument('--tmp', required=True)
    p.add_argument('--vectors')
    args = p.parse_args()
    own(args)
    if args.vectors:
        with open(args.vectors) as f: data = json.load(f)
        certification(args, data['certification'])
        todo(args, data['todo'], data['api_gateway'])
        searches(args, data['search'], data['idp'])
    print(f'{Sheet.passed} passed, {Sheet.failed} failed')
    return Sheet.failed > 0


sys.exit(main())

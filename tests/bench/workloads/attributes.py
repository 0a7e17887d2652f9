#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attributes.py OUT: the same people and things with and without attributes that the caller sends.

attributes-none       a group's role, no condition
attributes-eight      eight in the context, a condition of three tests; for the peers too
attributes-eight-own  eight of the thing, a condition of three tests with `own` in it
"""
import json

from common import Folder, arguments, generator, request

TEAMS, PEOPLE, THINGS = 20, 1000, 100_000
HEAD = '''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: {{ Document: {owner} }}
actions: {{ read: {{ resource: Document }}, print: {{ resource: Document }} }}
roles:
  reader: {{ allow: read }}
  printer: {{ allow: {{ actions: print, when: {condition} }} }}
grants:
  - {{ role: reader, to: {half} }}
  - {{ role: printer, to: {half} }}
groups:
'''
CONTEXT = 'context.department == "sales" and context.level <= 3 and not context.locked'
THING = 'own or resource.status == "published" and not resource.locked'
CEDAR = '''\
permit (principal in Group::"half", action == Action::"print", resource)
when { context.department == "sales" && context.level <= 3 && !context.locked };
'''
REGO = '''\
package bench

default allow := false

allow if {
	data.half[input.subject.id]
	input.action.name == "print"
	input.context.department == "sales"
	input.context.level <= 3
	not input.context.locked
}
'''


def holds(person):
    """Every other team has the roles; who is in which team follows from the number."""
    return person % TEAMS % 2 == 0


def policy(condition, owner):
    half = json.dumps([f'group:team_{t}' for t in range(0, TEAMS, 2)])
    text = HEAD.format(owner=owner, condition=f"'{condition}'", half=half)
    return text + ''.join(f'  team_{t}: {{ members: {json.dumps([f"User:user_{p}" for p in range(t, PEOPLE, TEAMS)])} }}\n'
                          for t in range(TEAMS))


def none(rng):
    person = rng.randrange(PEOPLE)
    return request(('User', f'user_{person}'), 'read', ('Document', f'doc_{rng.randrange(THINGS)}'), holds(person))


def eight(rng):
    person = rng.randrange(PEOPLE)
    context = {'client': rng.choice(('web', 'phone', 'desk')), 'region': rng.choice(('north', 'south')),
               'department': 'sales' if rng.random() < .8 else 'legal', 'level': rng.randrange(5), 'tls': True,
               'locked': rng.random() < .1, 'mfa': rng.random() < .5, 'shift': rng.randrange(3)}
    yes = holds(person) and context['department'] == 'sales' and context['level'] <= 3 and not context['locked']
    return request(('User', f'user_{person}'), 'print', ('Document', f'doc_{rng.randrange(THINGS)}'), yes, context=context)


def eight_own(rng):
    person = rng.randrange(PEOPLE)
    own = rng.random() < .3
    said = {'title': f'Report {rng.randrange(1000)}', 'pages': rng.randrange(1, 300), 'region': rng.choice(('north', 'south')),
            'owner': f'user_{person}' if own else 'user_x', 'status': 'published' if rng.random() < .7 else 'draft',
            'locked': rng.random() < .2, 'size': rng.randrange(10**6), 'folder': f'f{rng.randrange(100)}'}
    yes = holds(person) and (own or said['status'] == 'published' and not said['locked'])
    return request(('User', f'user_{person}'), 'print', ('Document', f'doc_{rng.randrange(THINGS)}', said), yes)


def peers(folder):
    people = [{'uid': {'type': 'User', 'id': f'user_{p}'}, 'attrs': {},
               'parents': [{'type': 'Group', 'id': 'half'}] if holds(p) else []} for p in range(PEOPLE)]
    folder.text('cedar/policies.cedar', CEDAR)
    folder.text('cedar/entities.json', json.dumps(people))
    folder.text('opa/policy.rego', REGO)
    folder.text('opa/data.json', json.dumps({'half': {f'user_{p}': True for p in range(PEOPLE) if holds(p)}}))


def workload(args, name, draw, condition, owner=''):
    folder, rng = Folder(args.out, name, family='attributes'), generator(name)
    folder.text('policy.yaml', policy(condition, owner))
    folder.requests('requests.jsonl', (draw(rng) for _ in range(1000)))
    folder.requests('stream.jsonl', (draw(rng) for _ in range(args.stream)))
    if draw is eight: peers(folder)
    folder.done()


def main():
    args = arguments(__doc__)
    for name, draw, condition, owner in (
            ('attributes-none', none, CONTEXT, ''), ('attributes-eight', eight, CONTEXT, ''),
            ('attributes-eight-own', eight_own, THING, '{ owner: { resource: owner, subject: id, type: User } }')):
        if args.wants(name): workload(args, name, draw, condition, owner)


if __name__ == '__main__':
    main()

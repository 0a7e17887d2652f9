#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""casbin.py OUT: what Casbin's own benchmarks of its models do, for Casbin and as policies of ours.

The fixed requests are the benchmark's own one, 1000 times; the stream is drawn from all names of the row, its decisions
expected too. A row says what the model's rules mean in plain Python (`allows`). Left out: raw, which has no engine in
it, and priority, for our rules have no order.
"""
import json

from common import Folder, arguments, generator, request

MODEL = '''\
[request_definition]
r = {request}

[policy_definition]
p = {policy}
{roles}
[policy_effect]
e = {effect}

[matchers]
m = {matcher}
'''
SOME = 'some(where (p.eft == allow))'
EQUAL = 'r.obj == p.obj && r.act == p.act'
HEAD = '''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: { data: }
actions: [read, write]
'''


class Row:
    """One benchmark. Of a request: sub, obj, act are Enforce's arguments, of which a row may have more."""
    name = own = yaml = None
    definition, policy, roles, effect, matcher = 'sub, obj, act', 'sub, obj, act', '', SOME, EQUAL

    def model(self):
        roles = f'\n[role_definition]\n{self.roles}\n' if self.roles else ''
        return MODEL.format(request=self.definition, policy=self.policy, roles=roles, effect=self.effect,
                            matcher=self.matcher)

    def draw(self, rng):
        return rng.choice(self.subs), rng.choice(self.objs), rng.choice(self.acts)

    def ask(self, args, expected):
        sub, obj, act = args
        return request(('user', sub), act, ('data', obj), expected)


class Listed(Row):
    """Rules and groupings written down: p is (sub, obj, act), g is (user, role)."""
    p, g = (), ()
    subs, objs, acts = ('alice', 'bob', 'carol'), ('data1', 'data2', 'data3'), ('read', 'write')

    def lines(self):
        yield from ('p, ' + ', '.join(r) for r in self.p)
        yield from ('g, ' + ', '.join(r) for r in self.g)

    def holds(self, sub):
        return {sub} | {role for user, role in self.g if user == sub}

    def allows(self, sub, obj, act):
        return any((who, obj, act) in self.p for who in self.holds(sub))


class Basic(Listed):
    name, own, matcher = 'basic', ('alice', 'data1', 'read'), 'r.sub == p.sub && ' + EQUAL
    p = (('alice', 'data1', 'read'), ('bob', 'data2', 'write'))
    yaml = HEAD + '''\
roles:
  reader: { allow: read }
  writer: { allow: write }
grants:
  - { role: reader, to: alice, resource: data/data1 }
  - { role: writer, to: bob, resource: data/data2 }
'''


class Rbac(Listed):
    name, own, roles, matcher = 'rbac', ('alice', 'data2', 'read'), 'g = _, _', 'g(r.sub, p.sub) && ' + EQUAL
    p = Basic.p + (('data2_admin', 'data2', 'read'), ('data2_admin', 'data2', 'write'))
    g = (('alice', 'data2_admin'),)
    yaml = Basic.yaml.replace('grants:', '''\
  data2_admin: { allow: { actions: [read, write], resources: data/data2 } }
users:
  alice: { roles: data2_admin }
grants:''')


class Deny(Rbac):
    name, own, policy = 'deny', ('alice', 'data1', 'read'), 'sub, obj, act, eft'
    effect = SOME + ' && !some(where (p.eft == deny))'
    denied = (('alice', 'data2', 'write'),)
    yaml = Rbac.yaml.replace('users:', '''\
  reads_data2: { deny: { actions: write, resources: data/data2 } }
users:''').replace('{ roles: data2_admin }', '{ roles: [data2_admin, reads_data2] }')

    def lines(self):
        yield from (f'p, {", ".join(r)}, {"allow" if rules is self.p else "deny"}' for rules in (self.p, self.denied)
                    for r in rules)
        yield from ('g, ' + ', '.join(r) for r in self.g)

    def allows(self, sub, obj, act):
        return super().allows(sub, obj, act) and not any((who, obj, act) in self.denied for who in self.holds(sub))


class Sized(Row):
    """N roles, each about one of N/10 things; 10 N users, ten to a role."""
    roles, matcher, acts = Rbac.roles, Rbac.matcher, ('read',)

    def __init__(self, name, n, own):
        self.name, self.n, self.own = name, n, own
        self.subs, self.objs = range(10 * n), range(n // 10)

    def lines(self):
        yield from (f'p, group{i}, data{i // 10}, read' for i in range(self.n))
        yield from (f'g, user{i}, group{i // 10}' for i in range(10 * self.n))

    def draw(self, rng):
        sub = rng.choice(self.subs)
        return f'user{sub}', f'data{sub // 100 if rng.random() < .5 else rng.choice(self.objs)}', 'read'

    def allows(self, sub, obj, act):
        return int(sub[4:]) // 100 == int(obj[4:])

    @property
    def yaml(self):
        return HEAD + 'roles:\n' + ''.join(f'  group{i}: {{ allow: {{ actions: read, resources: data/data{i // 10} }} }}\n'
                                           for i in range(self.n)) + \
            'users:\n' + ''.join(f'  user{i}: {{ roles: group{i // 10} }}\n' for i in range(10 * self.n))


class ResourceRoles(Listed):
    name, own, roles = 'resource-roles', ('alice', 'data1', 'read'), 'g = _, _\ng2 = _, _'
    matcher = 'g(r.sub, p.sub) && g2(r.obj, p.obj) && r.act == p.act'
    p = Basic.p + (('data_group_admin', 'data_group', 'write'),)
    g, inside = (('alice', 'data_group_admin'),), ('data1', 'data2')
    yaml = '''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: { collection: , data: { parent: collection } }
actions: [read, write]
roles:
  reader: { allow: read }
  writer: { allow: write }
groups:
  data_group_admin: { members: alice }
grants:
  - { role: reader, to: alice, resource: data/data1 }
  - { role: writer, to: bob, resource: data/data2 }
  - { role: writer, to: "group:data_group_admin", resource: collection/data_group }
entities:
  data/data1: { parent: data_group }
  data/data2: { parent: data_group }
'''

    def lines(self):
        yield from super().lines()
        yield from (f'g2, {d}, data_group' for d in self.inside)

    def allows(self, sub, obj, act):
        return super().allows(sub, obj, act) or obj in self.inside and super().allows(sub, 'data_group', act)


class Domains(Listed):
    name, own, roles = 'domains', ('alice', 'domain1', 'data1', 'read'), 'g = _, _, _'
    definition = policy = 'sub, dom, obj, act'
    matcher = 'g(r.sub, p.sub, r.dom) && r.dom == p.dom && ' + EQUAL
    p = tuple(('admin', f'domain{d}', f'data{d}', act) for d in (1, 2) for act in ('read', 'write'))
    g = (('alice', 'admin', 'domain1'), ('bob', 'admin', 'domain2'))
    yaml = '''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: { domain: , data: { parent: { type: domain, from: id } } }
actions: [read, write]
roles:                               # given in a domain: what of it an administrator has in hand
  admin: { allow: { actions: [read, write], resources: [data/domain1/data1, data/domain2/data2] } }
grants:
  - { role: admin, to: alice, resource: domain/domain1 }
  - { role: admin, to: bob, resource: domain/domain2 }
'''

    def draw(self, rng):
        sub, obj, act = super().draw(rng)
        return sub, rng.choice(('domain1', 'domain2')), obj, act

    def ask(self, args, expected):
        sub, dom, obj, act = args
        return request(('user', sub), act, ('data', f'{dom}/{obj}'), expected)

    def allows(self, sub, dom, obj, act):
        return any((role, dom, obj, act) in self.p for who, role, where in self.g if (who, where) == (sub, dom))


class KeyMatch(Listed):
    name, own = 'key-match', ('alice', '/alice_data/resource1', 'GET')
    matcher = 'r.sub == p.sub && keyMatch(r.obj, p.obj) && regexMatch(r.act, p.act)'
    p = (('alice', '/alice_data/*', 'GET'), ('alice', '/alice_data/resource1', 'POST'),
         ('bob', '/alice_data/resource2', 'GET'), ('bob', '/bob_data/*', 'POST'), ('cathy', '/cathy_data', '(GET)|(POST)'))
    subs, acts = ('alice', 'bob', 'cathy', 'dave'), ('GET', 'POST')
    objs = tuple(f'/{who}_data{rest}' for who in ('alice', 'bob', 'cathy')
                 for rest in ('', '/resource1', '/resource2', '/a/b'))
    yaml = '''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: { path: }
actions: [GET, POST]
roles:
  alice:
    allow:
      - { actions: GET, resources: path//alice_data/** }
      - { actions: POST, resources: path//alice_data/resource1 }
  bob:
    allow:
      - { actions: GET, resources: path//alice_data/resource2 }
      - { actions: POST, resources: path//bob_data/** }
  cathy: { allow: { actions: [GET, POST], resources: path//cathy_data } }
users:
  alice: { roles: alice }
  bob:   { roles: bob }
  cathy: { roles: cathy }
'''

    def ask(self, args, expected):
        sub, obj, act = args
        return request(('user', sub), act, ('path', obj), expected)

    def allows(self, sub, obj, act):
        return any(who == sub and (obj.startswith(of[:-1]) if of.endswith('*') else obj == of) and act in what
                   for who, of, what in self.p)


class Abac(Row):
    name, own, matcher = 'abac', ('alice', {'Name': 'data1', 'Owner': 'alice'}, 'read'), 'r.sub == r.obj.Owner'
    subs, acts = Listed.subs, Listed.acts
    yaml = '''\
# SPDX-License-Identifier: Apache-2.0
policy: 1
resources: { data: { owner: Owner } }
actions: [read, write]
roles:
  owner: { allow: { actions: [read, write], when: own } }
authenticated: { roles: owner }
'''

    def lines(self): return ()

    def draw(self, rng):
        return rng.choice(self.subs), {'Name': f'data{rng.randrange(1000)}', 'Owner': rng.choice(self.subs)}, \
            rng.choice(self.acts)

    def ask(self, args, expected):
        sub, obj, act = args
        return request(('user', sub), act, ('data', obj['Name'], {'Owner': obj['Owner']}), expected)

    def allows(self, sub, obj, act):
        return obj['Owner'] == sub


class AbacRule(Row):
    """A thousand rules, each with a text that is evaluated at every request."""
    name, own, n = 'abac-rule', ({'Name': 'alice', 'Age': 18}, 'data100', 'read'), 1000
    policy, matcher = 'sub_rule, obj, act', 'eval(p.sub_rule) && ' + EQUAL

    def lines(self):
        yield from (f'p, r.sub.Age > 20, data{i}, read' for i in range(self.n))

    def draw(self, rng):
        return {'Name': rng.choice(Listed.subs), 'Age': rng.randrange(15, 27)}, f'data{rng.randrange(self.n + 100)}', 'read'

    def ask(self, args, expected):
        sub, obj, act = args
        return request(('user', sub['Name'], {'Age': sub['Age']}), act, ('data', obj), expected)

    def allows(self, sub, obj, act):
        return sub['Age'] > 20 and int(obj[4:]) < self.n

    @property
    def yaml(self):
        return HEAD + 'roles:\n  adult:\n    allow:\n' + \
            ''.join(f'      - {{ actions: read, resources: data/data{i}, when: subject.Age > 20 }}\n'
                    for i in range(self.n)) + 'authenticated: { roles: adult }\n'


ROWS = (Basic(), Rbac(), Sized('rbac-small', 100, ('user501', 'data9', 'read')),
        Sized('rbac-medium', 1000, ('user5001', 'data99', 'read')),
        Sized('rbac-large', 10_000, ('user50001', 'data999', 'read')), ResourceRoles(), Domains(), Abac(), AbacRule(),
        KeyMatch(), Deny())


def workload(args, row):
    folder, rng = Folder(args.out, f'casbin-{row.name}', family='casbin'), generator('casbin', row.name)
    folder.text('policy.yaml', row.yaml)
    fixed, stream = [row.own] * 1000, [row.draw(rng) for _ in range(args.stream)]
    for which, asked in (('requests', fixed), ('stream', stream)):
        folder.requests(f'{which}.jsonl', (row.ask(a, row.allows(*a)) for a in asked))
        folder.text(f'casbin/{which}.json', json.dumps(asked, separators=(',', ':')))
    folder.text('casbin/model.conf', row.model())
    folder.lines('casbin/policy.csv', row.lines())
    folder.done()


def main():
    args = arguments(__doc__)
    for row in ROWS:
        if args.wants(f'casbin-{row.name}'): workload(args, row)


if __name__ == '__main__':
    main()

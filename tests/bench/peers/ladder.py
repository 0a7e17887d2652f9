#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ladder.py DIR N: the scale ladder for the peers, a folder of DIR each.

Rule i: role r_i may read x_i. Users u_0..u_(U-1), U = min(N, 1000); u_j has the role
r_(j * (N/U)) and no other.

    cedar, casbin, opa      the rules as each is documented to write them
    cedar-data              one policy, the rules as attributes of the resources
    casbin-object-first     the matcher with its cheap terms first
"""
import json
import os
import sys

MODEL = """[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = {}
"""
DOCUMENTED = "g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act"
OBJECT_FIRST = "r.obj == p.obj && r.act == p.act && g(r.sub, p.sub)"

REGO = """package bench

default allow := false

allow if {
	some role in data.users[input.subject.id]
	data.grants[role][input.action.name][input.resource.id]
}
"""

STATIC = 'permit(principal in Role::"r_{0}", action == Action::"read", resource == X::"x_{0}");\n'
AS_DATA = """permit(principal, action == Action::"read", resource)
when { principal in resource.readers };
"""


def uid(kind, name):
    return {"type": kind, "id": name}


def write(folder, name, parts):
    """Text or pieces of text: a million rules are not held at once."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.writelines(parts)


def array(things):
    first = True
    yield "["
    for t in things:
        yield ("" if first else ",\n") + json.dumps(t)
        first = False
    yield "]\n"


def cedar(top, users, n):
    people = [{"uid": uid("User", f"u_{j}"), "parents": [uid("Role", f"r_{r}")], "attrs": {}}
              for j, r in users]
    write(f"{top}/cedar", "policies.cedar", (STATIC.format(i) for i in range(n)))
    write(f"{top}/cedar", "entities.json", array(people))

    def both():
        yield from people
        for i in range(n):
            yield {"uid": uid("X", f"x_{i}"), "parents": [],
                   "attrs": {"readers": {"__entity": uid("Role", f"r_{i}")}}}
    write(f"{top}/cedar-data", "policies.cedar", AS_DATA)
    write(f"{top}/cedar-data", "entities.json", array(both()))


def casbin(top, users, n):
    def rows():
        yield from (f"p, r_{i}, x_{i}, read\n" for i in range(n))
        yield from (f"g, u_{j}, r_{r}\n" for j, r in users)
    for folder, matcher in (("casbin", DOCUMENTED), ("casbin-object-first", OBJECT_FIRST)):
        write(f"{top}/{folder}", "model.conf", MODEL.format(matcher))
        write(f"{top}/{folder}", "policy.csv", rows())


def opa(top, users, n):
    def data():
        yield '{"users":' + json.dumps({f"u_{j}": [f"r_{r}"] for j, r in users}) + ',\n"grants":{'
        for i in range(n):
            yield f'{"," if i else ""}\n"r_{i}":{{"read":{{"x_{i}":true}}}}'
        yield "}}\n"
    write(f"{top}/opa", "policy.rego", REGO)
    write(f"{top}/opa", "data.json", data())


def main():
    if len(sys.argv) != 3 or not sys.argv[2].isdigit() or int(sys.argv[2]) < 1:
        sys.exit("usage: ladder.py DIR N")
    top, n = sys.argv[1], int(sys.argv[2])
    u = min(n, 1000)
    users = [(j, j * (n // u)) for j in range(u)]
    for peer in (cedar, casbin, opa):
        peer(top, users, n)


if __name__ == "__main__":
    main()

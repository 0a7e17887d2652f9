#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""data.py [--closed] ENTITIES.json: entities in Cedar's JSON form as data.json of the policies here.

    entities  name -> attributes, where a name is Type::id and a reference is a name
    parents   name -> list of names; the policies walk it with graph.reachable
    above     with --closed, in place of parents: name -> {name: true}, itself and all it is in
"""
import json
import sys


def name(uid):
    return f"{uid['type']}::{uid['id']}"


def plain(value):
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        if "__entity" in value:
            return name(value["__entity"])
        return {k: plain(v) for k, v in value.items()}
    return value


def above(parents, start):
    found, todo = {start: True}, [start]
    while todo:
        for p in parents[todo.pop()]:
            if p not in found:
                found[p] = True
                todo.append(p)
    return found


def convert(entities, closed):
    found, parents = {}, {}
    for e in entities:
        me = name(e["uid"])
        found[me] = plain(e["attrs"])
        parents[me] = [name(p) for p in e["parents"]]
    for names in list(parents.values()):
        for p in names:
            parents.setdefault(p, [])
    if closed:
        return {"entities": found, "above": {n: above(parents, n) for n in parents}}
    return {"entities": found, "parents": parents}


def main():
    args = sys.argv[1:]
    closed = args[:1] == ["--closed"]
    if len(args) != 1 + closed:
        sys.exit("usage: data.py [--closed] ENTITIES.json")
    with open(args[-1], encoding="utf-8") as f:
        json.dump(convert(json.load(f), closed), sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()

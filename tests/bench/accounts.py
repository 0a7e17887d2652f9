# SPDX-License-Identifier: Apache-2.0
"""The section "accounts" of run.py: what people of a store cost, and tokens that are in it.

    accounts-people-USERS  program `accounts`: a store_sqlite with USERS users, ten tokens and ten grants each; opened
                           (mode open), and asked (mode decide) beside the same people out of a text and a hundredth of
                           them out of a store, every request about another grant
    accounts-token-USERS   program `account`: a decision by an opaque token of the store, cached or not, beside the
                           same decision by who is asserted
"""
import os, re

import credentials, drive, report

USERS = 100000


def commands(args):
    """name -> the program that says all about it."""
    users = USERS // 100 if args.quick else USERS
    modules = os.path.join(args.build, 'modules', '.libs')
    every = {f'accounts-people-{users}': 'accounts', f'accounts-token-{users}': 'account'}
    return {name: [os.path.join(args.build, 'tests', 'bench', program), modules, users]
            for name, program in every.items() if re.search(args.only, name)}


def one(bench, name, command):
    calls = []
    try:
        for _ in range(bench.args.rounds): calls.append(credentials.ask(command))
    except drive.Absent as why:
        bench.notes.append(f'{name}: left out: {why}')
        return
    facts = {'name': name, 'family': 'accounts', 'size': command[-1]}
    for (_, config, _), rounds in drive.by_set(calls).items():
        mine = drive.combined(rounds)
        if mine['wrong']: bench.differ(f'{name}: {mine["wrong"]} decisions of ours are not as expected ({config})')
        bench.results.append(report.row(facts, 'fixed', mine, None, None, None, config))


def run(bench, say):
    """All of it, on the one processor."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {bench.args.cpu})
    for name, command in commands(bench.args).items():
        say(name)
        one(bench, name, command)
    os.sched_setaffinity(0, allowed)

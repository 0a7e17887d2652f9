#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""batch.py --policyctl FILE --policy FILE --tmp DIR: requests a second of `policyctl decide --batch --fixtures`.

Seeded requests about the policy's own names, timed from the start of the process to its end: reading the set,
JSON in and JSON out. The times are printed and never judged; the answers are counted. Python's own library.
"""
import argparse, collections, json, os, random, shutil, statistics, subprocess, sys, time

WANTED = 100_000        # requests a second
PEOPLE = {'github': 'oscar rob adam max wes tina cora mel sam zoe yan'.split(),
          'integrate-ai': 'mia noah olga pavel quinn'.split()}


def github(rng):
    repo = rng.choice(('acme/web', 'acme/model', 'acme/old', 'acme/tools', 'beta/x'))
    kind = rng.choice(('repo', 'repo', 'issue', 'branch', 'org'))
    if kind == 'repo':
        return rng.choice(('pull', 'fork', 'open_issue', 'edit_settings', 'manage_access', 'delete_repo')), kind, repo, \
            {'visibility': rng.choice(('public', 'private'))}
    if kind == 'issue':
        return rng.choice(('edit_issue', 'label_issue')), kind, f'{repo}/{rng.randrange(500)}', \
            {'author': rng.choice(PEOPLE['github'])}
    if kind == 'branch':
        return rng.choice(('push', 'protect_branch')), kind, \
            rng.choice(('web-main', 'model-main', 'model-fix', 'old-main')), {'protected': rng.random() < .3}
    return rng.choice(('create_repo', 'invite')), kind, repo.split('/')[0], {}


def integrate_ai(rng):
    if rng.random() < .25:
        return rng.choice(('create_session', 'custom_model', 'model_download', 'cli')), None, None, None
    kind = rng.choice(('session', 'session', 'token', 'user'))
    if kind == 'session':
        action = rng.choice(('start_session', 'cancel_user_session', 'read_user_session', 'read_all_session'))
    elif kind == 'token': action = rng.choice(('revoke_user_token', 'token_info', 'manage_tokens'))
    else: return rng.choice(('create_token', 'create_user', 'delete_user')), kind, f'u{rng.randrange(1000)}', {}
    known = {'session': ('mnist', 'ct'), 'token': ('t-mia', 't-noah')}[kind]
    return action, kind, rng.choice(known) if rng.random() < .5 else f'n{rng.randrange(10000)}', \
        {'user_id': rng.choice(('u-1001', 'u-1002', 'u-1003'))}


def lines(name, count, seed):
    rng, shape = random.Random(f'{name} {seed}'), {'github': github, 'integrate-ai': integrate_ai}[name]
    for _ in range(count):
        action, kind, ident, properties = shape(rng)
        q = {'subject': {'type': 'user', 'id': rng.choice(PEOPLE[name])}, 'action': {'name': action}}
        if kind: q['resource'] = {'type': kind, 'id': ident, **({'properties': properties} if properties else {})}
        if rng.random() < .2: q['context'] = {'ip': f'10.0.{rng.randrange(256)}.{rng.randrange(256)}', 'tls': True}
        if name == 'integrate-ai' and rng.random() < .3:
            q['token'] = {'scopes': rng.sample(('create_session', 'read_user_session', 'cli', 'start_session'), 2)}
        yield json.dumps(q)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--policyctl', required=True)
    p.add_argument('--policy', required=True)
    p.add_argument('--tmp', required=True)
    p.add_argument('--requests', type=int, default=200_000)
    p.add_argument('--runs', type=int, default=5)
    p.add_argument('--seed', type=int, default=1)
    args = p.parse_args()
    name = os.path.basename(args.policy).removesuffix('.yaml')
    asked, told = os.path.join(args.tmp, 'requests'), os.path.join(args.tmp, 'answers')
    with open(asked, 'w') as f: f.writelines(l + '\n' for l in lines(name, args.requests, args.seed))
    command = [args.policyctl, 'decide', '--batch', '--fixtures', '-p', args.policy]
    if shutil.which('taskset'): command = ['taskset', '-c', '0'] + command
    rates, seen = [], set()
    for _ in range(args.runs):
        with open(asked, 'rb') as i, open(told, 'wb') as o:
            start = time.perf_counter()
            status = subprocess.run(command, stdin=i, stdout=o).returncode
            rates.append(args.requests / (time.perf_counter() - start))
        with open(told) as f: answers = collections.Counter(f)
        seen.add((status, frozenset(answers.items())))
    reasons, yes = collections.Counter(), 0
    for text, n in answers.items():
        a = json.loads(text)
        reasons[a['context']['reason']] += n
        yes += n * a['decision']
    low, mid, high = min(rates), statistics.median(rates), max(rates)
    print(f'{name}: {args.requests} requests of {os.path.getsize(asked) / args.requests:.0f} bytes, {args.runs} runs, '
          f'a second: min {low:,.0f}, median {mid:,.0f}, max {high:,.0f}; median / {WANTED:,} = {mid / WANTED:.2f}')
    print(f'{name}: ' + ', '.join(f'{r} {n}' for r, n in reasons.most_common()))
    wrong = [w for w, bad in (('the runs differ', len(seen) > 1), (f'exit status {status}', status != 0),
                              (f'{sum(answers.values())} answers', sum(answers.values()) != args.requests),
                              ('refused requests', reasons['error'] or reasons['limit']),
                              ('all the same', not 0 < yes < args.requests)) if bad]
    if wrong: print(f'failed: {name}: ' + ', '.join(wrong))
    return bool(wrong)


sys.exit(main())

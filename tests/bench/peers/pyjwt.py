#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pyjwt.py FOLDER SECONDS: PyJWT on the tokens of a folder, as bearer.c has it: the same answers, claims and line.

The key is parsed once and handed over as an object, its fastest form; what ours requires is required.
"""
import json, statistics, sys, time

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def main(folder, seconds):
    with open(f'{folder}/name.json', encoding='utf-8') as f: facts = json.load(f)
    with open(f'{folder}/requests.jsonl', encoding='utf-8') as f: requests = [json.loads(l) for l in f]
    with open(f'{folder}/key', 'rb') as f: key = f.read()
    if not facts['alg'].startswith('HS'): key = load_pem_public_key(key)
    options = {'require': ['exp', 'iss', 'aud', 'sub']}

    def ask(token):
        try:
            jwt.decode(token, key, algorithms=[facts['alg']], issuer=facts['issuer'], audience=facts['audience'],
                       options=options)
        except jwt.InvalidTokenError:
            return False
        return True

    said = [ask(r['token']) for r in requests]
    good, took, calls, end = requests[0]['token'], [], 10, time.monotonic() + seconds
    while len(took) < 3 or time.monotonic() < end:
        begin = time.perf_counter_ns()
        for _ in range(calls): ask(good)
        took.append((time.perf_counter_ns() - begin) / calls)
    print(json.dumps({'peer': 'pyjwt', 'config': 'decode', 'set': 'fixed', 'version': jwt.__version__,
                      'requests': len(requests), 'repeats': len(took) * calls, 'min_ns': min(took),
                      'median_ns': statistics.median(took), 'timer': 'perf_counter_ns',
                      'wrong': sum(s != r['expected'] for s, r in zip(said, requests)),
                      'answers': ''.join(str(int(s)) for s in said)}))


main(sys.argv[1], float(sys.argv[2]))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the tests notice when one thing of the dispatch of credentials is changed?

    dispatch_mutants.py --build DIR [--jobs N] [--list]

Of src/auth/control.c every cell of the table is set to every other value, and there and in judge.c every condition is
turned round, joined otherwise or left out, every simple statement dropped. Each mutant is compiled, linked with the tests
of the stack in place of its original, and must fail, crash or hang there. What cannot be told from the original by any
input stands in SAME with its reason. DIR is a build with the unit program made. Exit 0: all died, and they were at
least LEAST.
"""
import argparse, os, re, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

FILES = ['control.c', 'judge.c']
LEAST = 80
SUITES = ['judge', 'factor', 'stack']            # quick ones first
SLOW = {'control.c': ['control']}               # and where those noticed nothing
OTHERS = ['dispatch']
FLAGS = ['-std=gnu11', '-O1', '-w', '-fPIC', '-D_GNU_SOURCE']
LIBS = ['-lcunit', '-lyaml', '-lpcre2-8', '-lcrypto', '-lm', '-lpthread', '-ldl']
VALUES = ['BAD_STOP', 'BAD', 'SKIP', 'OK', 'OK_STOP']

# (file, original line as it stands but for blanks around it, what it became): why no test can tell
BELT = 'a second lock on a door that the first keeps shut'
KIND = 'if (id->step.len > 0 && id->kind.len == 0 && pol_identity_text(id, &id->kind, a->all[a->which].kind, POL_MAX_ID) != 0)'
YES = 'if (pol_control_passes(&state) && w.ours == POLICY_REASON_ERROR && id->step.len > 0 && id->subject_id.len > 0)'
SAME = {
    ('judge.c', 'struct pol_control_state state = { false, false, false };', 'struct pol_control_state state = { true, false, false };'): BELT,
    ('judge.c', KIND, KIND.replace('step.len > 0', 'step.len >= 0')): 'who passed no step is nobody, of whatever kind',
    ('judge.c', YES, YES.replace('step.len > 0', 'step.len >= 0')): BELT,
    ('judge.c', YES, YES.replace('subject_id.len > 0', 'subject_id.len >= 0')): BELT,
    ('judge.c', 'if (n == 0 && *reason == POLICY_REASON_RULE)', 'if (0)'): BELT,
    ('judge.c', "*reason = POLICY_REASON_ERROR;\t/* nobody's yes is our own mistake */", ';'): BELT,
    ('judge.c', 'if (h.until < *until)', 'if (h.until <= *until)'): 'the lesser of two that are equal',
}

SWAPS = [(' == ', ' != '), (' != ', ' == '), (' && ', ' || '), (' || ', ' && '), (' <= ', ' < '), (' >= ', ' > '),
         (' < ', ' <= '), (' > ', ' >= '), ('true', 'false'), ('false', 'true'), ('++', '--'), ('if (!', 'if ('),
         (' = 0;', ' = 1;'), ('return 0;', 'return 1;'), ('break;', ';'), ('continue;', ';')]


def cells(line):
    """Every other value of every cell of one row of the table."""
    m = re.match(r'(\s*\[POL_\w+\] =\s*\{)([^}]*)(\}.*)', line)
    if not m:
        return
    row = [c.strip() for c in m[2].split(',')]
    for i, was in enumerate(row):
        for v in VALUES:
            if v != was:
                yield f'{m[1]} {", ".join(row[:i] + [v] + row[i + 1:])} {m[3]}'


def changes(line):
    """What may become of a line within a function."""
    code = line.split('/*')[0].rstrip()
    for old, new in SWAPS:
        at = code.find(old)
        while at >= 0:
            yield code[:at] + new + code[at + len(old):]
            at = code.find(old, at + len(old))
    m = re.match(r'(\s*(?:else )?(?:if|while) )\((.*)\)( \{)?$', code)
    if m:
        yield f'{m[1]}(1){m[3] or ""}'
        yield f'{m[1]}(0){m[3] or ""}'
    # a call or an assignment by itself; what an if or a loop above it governs becomes nothing
    if re.match(r'\t+(?:[\w>.\[\]*&-]+ (?:[|&+-]?=) .*;|\w+\(.*\);|\+\+\*?\w+;|h->.*;)$', code) and not code.strip().startswith('return'):
        yield re.match(r'\t+', code)[0] + ';'


def mutants(top):
    for name in FILES:
        path = os.path.join(top, 'src/auth', name)
        with open(path, encoding='utf-8') as fh:
            lines = fh.read().split('\n')
        inside = False
        for n, line in enumerate(lines):
            if line in ('{', '}'):
                inside = line == '{'
                continue
            for text in (changes(line) if inside else cells(line)):
                yield name, n + 1, line, text, '\n'.join(lines[:n] + [text] + lines[n + 1:])


def built(args, tmp):
    """The unit program of DIR with our suites alone, but for its file that is changed: soon linked, often."""
    os.mkdir(f'{tmp}/unit')
    with open(f'{tmp}/unit/suites.h', 'w', encoding='utf-8') as fh:
        fh.writelines(f'SUITE({s})\n' for s in SUITES + ['control', 'dispatch'])
    subprocess.run(['cc', *FLAGS, '-I', tmp, '-I', f'{args.top}/tests', '-I', f'{args.top}/src/include', '-c',
                    f'{args.top}/tests/unit/main.c', '-o', f'{tmp}/main.o'], check=True)
    objects = [f'{args.build}/tests/unit/tests_unit_unit-{f}.o' for f in ['steps', 'fixture'] + [f'test_{s}' for s in SUITES + ['control', 'dispatch']]]
    return [f'{tmp}/main.o', *objects, f'{args.build}/.libs/libpol.a']


def fails(program, suites):
    try:
        return subprocess.run([program, *suites], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def tried(args, rest, mutant):
    name, line, was, text, whole = mutant
    if (name, was.strip(), text.strip()) in SAME:
        return 'same'
    with tempfile.TemporaryDirectory(prefix='mutant') as tmp:
        c, o, program = (os.path.join(tmp, f) for f in ('mutant.c', 'mutant.o', 'unit'))
        with open(c, 'w', encoding='utf-8') as fh:
            fh.write(whole)
        if subprocess.run(['cc', *FLAGS, '-I', f'{args.top}/src/include', '-I', f'{args.top}/src', '-c', c, '-o', o],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            return 'unbuilt'
        subprocess.run(['cc', '-o', program, o, *rest, *LIBS], check=True, stdout=subprocess.DEVNULL)
        if name not in SLOW and fails(program, SUITES):
            return 'died'
        return 'died' if fails(program, SLOW.get(name, OTHERS)) else 'survived'


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--build', required=True)
    p.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    p.add_argument('--list', action='store_true')
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    args.top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    all_of_them = list(mutants(args.top))
    if args.list:
        for name, line, was, text, _ in all_of_them:
            print(f'{name}:{line}: {was.strip()}  ->  {text.strip()}')
        return 0
    fates = []
    with tempfile.TemporaryDirectory(prefix='mutants') as tmp, ThreadPoolExecutor(args.jobs) as pool:
        rest = built(args, tmp)
        for (name, line, was, text, _), fate in zip(all_of_them, pool.map(lambda m: tried(args, rest, m), all_of_them)):
            fates.append(fate)
            if fate == 'survived':
                print(f'survived: {name}:{line}: {was.strip()}  ->  {text.strip()}', flush=True)
    died, survived = fates.count('died'), fates.count('survived')
    print(f'dispatch mutants: {died} died, {survived} survived, {fates.count("same")} the same by nature, {fates.count("unbuilt")} do not compile')
    if died < LEAST:
        print(f'fewer than {LEAST} were tried')
    ok = survived == 0 and died >= LEAST
    print(f'{died} passed, {survived + (died < LEAST)} failed')
    return 0 if ok else 1


if __name__ == '__main__':
    sys.exit(main())

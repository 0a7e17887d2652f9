# SPDX-License-Identifier: Apache-2.0
"""A unittest run that ends in the line tests/run wants."""
import sys
import unittest

SET = """policy: 1
resources:
  session: { owner: user_id }
  model:
actions:
  create_session:
  read_user_session: { resource: session, when: own }
  models:list:
  models:use: { resource: model }
roles:
  user: { allow: [create_session, read_user_session, "models:list"] }
users:
  alice: { roles: user }
  "service:robot": { roles: user }
grants:
  - { role: runner, to: alice, resource: model/m1 }
"""
SET = SET.replace("users:\n", "  runner: { allow: \"models:use\" }\nusers:\n", 1)


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=0)
    r = program.result
    bad = len(r.failures) + len(r.errors)
    print(f"{r.testsRun - bad - len(r.skipped)} passed, {bad} failed, {len(r.skipped)} skipped")
    sys.exit(bad > 0)

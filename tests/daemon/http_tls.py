# SPDX-License-Identifier: Apache-2.0
"""TLS of a listener, with certificates made for it."""
import os
import shutil
import ssl
import subprocess

from http_world import LIVE, Wire, free_port


def openssl(*args, cwd):
    subprocess.run(['openssl', *args], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificate(folder, name, ca=None, usage=None):
    """name.pem and name.key, signed by ca or by itself"""
    args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', f'/CN={name}',
            '-keyout', f'{name}.key', '-out', f'{name}.pem']
    if ca:
        args += ['-CA', f'{ca}.pem', '-CAkey', f'{ca}.key', '-addext', f'extendedKeyUsage={usage}', '-addext', 'basicConstraints=critical,CA:FALSE']
        args += ['-addext', 'subjectAltName=DNS:localhost']
    openssl(*args, cwd=folder)
    os.chmod(f'{folder}/{name}.key', 0o600)


def run(c, world, tmp):
    if not shutil.which('openssl'):
        return c.skip(11, 'TLS (no openssl)')
    folder = f'{tmp}/certificates'
    os.mkdir(folder, 0o755)
    for name in ('ca', 'other'):
        certificate(folder, name)
    try:
        certificate(folder, 'server', 'ca', 'serverAuth')
    except subprocess.CalledProcessError:
        return c.skip(11, 'TLS (an openssl that signs no certificate by req)')
    certificate(folder, 'client', 'ca', 'clientAuth')
    certificate(folder, 'stranger', 'other', 'clientAuth')
    port, checked = free_port(), free_port()
    tls = f'certificate: {folder}/server.pem, key: {folder}/server.key'
    w = world('tls', '', f'  - {{ tcp: "127.0.0.1:{port}", serve: [health], tls: {{ {tls} }} }}\n'
              f'  - {{ tcp: "127.0.0.1:{checked}", serve: [health], tls: {{ {tls}, client_ca: {folder}/ca.pem }} }}\n')

    def ask(at, name=None, version=None):
        context = ssl.create_default_context(cafile=f'{folder}/ca.pem')
        if name:
            context.load_cert_chain(f'{folder}/{name}.pem', f'{folder}/{name}.key')
        if version:
            context.minimum_version = context.maximum_version = version
        try:
            return Wire(at, context).send(LIVE).status()
        except (ssl.SSLError, OSError):
            return 'refused'

    c.check('served', 200, ask(port))
    c.check('TLS 1.2', 200, ask(port, version=ssl.TLSVersion.TLSv1_2))
    c.check('TLS 1.1', 'refused', ask(port, version=ssl.TLSVersion.TLSv1_1))
    c.check('a client that is certified', 200, ask(checked, 'client'))
    c.check('one that is not', 403, ask(checked))
    c.check('one of another CA', True, ask(checked, 'stranger') in (403, 'refused', None))
    c.check("a server's certificate", True, ask(checked, 'server') in (403, 'refused', None))
    c.check('no TLS', True, Wire(port).send(LIVE).answer() is None)
    c.check('exit', 0, w.stop())
    os.chmod(f'{folder}/server.key', 0o644)
    c.check('a key that others may read', 'must not reach', refused(world, 'open', port, tls))
    os.chmod(f'{folder}/server.key', 0o600)
    c.check('a key of another', 'no pair', refused(world, 'pair', port, tls.replace('server.key', 'ca.key')))


def refused(world, name, port, tls):
    try:
        world(name, '', f'  - {{ tcp: "127.0.0.1:{port}", serve: [health], tls: {{ {tls} }} }}\n').stop()
    except SystemExit as e:
        return next((t for t in ('must not reach', 'no pair') if t in str(e)), str(e))
    return 'served'

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sandbox_servers.py DIR BUILD: servers that a set asks, for sandbox.sh.

A JWKS over HTTPS with a certificate of its own authority (DIR/ca.pem), and an OpenBao where
there is one. Writes DIR/servers: NAME=VALUE, a line each. A line `turn` on the input: keys
are changed, and DIR/token is of the new one. Ends with its input.
"""
import sys


import base64  # noqa: E402
import datetime
import http.server
import ipaddress
import json
import os
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "live"), os.path.join(HERE, "..", "..", "modules", "vault")]

DIR, BUILD = sys.argv[1:3]
KEYS = {"keys": []}


def b64(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def put(name, data, mode=0o600):
    path = os.path.join(DIR, name)
    with open(path + ".new", "wb") as f:
        f.write(data)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


def turn():
    """A new key; a token signed by it."""
    key = ed25519.Ed25519PrivateKey.generate()
    kid = str(len(KEYS["keys"]))
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    KEYS["keys"].append({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": b64(raw)})
    now = int(time.time())
    text = b64(json.dumps({"alg": "EdDSA", "typ": "JWT", "kid": kid}).encode()) + "." + b64(json.dumps(
        {"iss": "us", "aud": "us", "sub": "tom" + kid, "iat": now, "exp": now + 3600}).encode())
    put("token", (text + "." + b64(key.sign(text.encode()))).encode())


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys of a test")])
    now = datetime.datetime.utcnow()
    cert = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(
        x509.random_serial_number()).not_valid_before(now - datetime.timedelta(1)).not_valid_after(
        now + datetime.timedelta(1)).add_extension(x509.BasicConstraints(True, None), True).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]),
        False).sign(key, hashes.SHA256())
    put("ca.pem", cert.public_bytes(serialization.Encoding.PEM), 0o644)
    put("key.pem", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(KEYS).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def bao():
    """(address, token), or None."""
    try:
        from live import bao_binary
        from test_bao import Bao
    except ImportError:
        return None
    binary = bao_binary(BUILD)
    if binary is None:
        return None
    b = Bao(binary, os.path.join(DIR, "bao")).ready()
    return b.address, b.token_create(display_name="svc", policies=["default"])["client_token"]


def main():
    turn()
    certificate()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(DIR, "ca.pem"), os.path.join(DIR, "key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said = [f"keys=https://localhost:{server.server_address[1]}/jwks"]
    vault = bao()
    if vault is not None:
        said += [f"vault={vault[0]}", f"vault_token={vault[1]}"]
    put("servers", ("\n".join(said) + "\n").encode())
    for line in sys.stdin:
        if line.strip() == "turn":
            turn()
            print("turned", flush=True)
    if vault is not None:
        from test_bao import stop_all
        stop_all()


main()

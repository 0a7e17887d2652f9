# SPDX-License-Identifier: Apache-2.0
"""Keys by URL: a server of our own that is slow, wrong, huge, cut short, gone, or has new keys."""
import datetime
import http.server
import ipaddress
import json
import os
import shutil
import ssl
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import hmac
import hashlib
from ask import Driver, S, built, check, enc, finish, skip, write

MS = S // 1000
NOW = 1700000000
GOOD = {"iss": "https://issuer.example", "aud": "api", "sub": "alice", "exp": NOW + 600}
COOLDOWN = 1.0		# of the build that is driven
tmp = tempfile.mkdtemp(dir=built)
mine = threading.local()


def secret(kid):
    return hashlib.sha512(kid.encode()).digest()


def keys(*kids):
    return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "kid": k, "k": enc(secret(k))} for k in kids]}).encode()


def token(kid, key=None):
    text = enc({"alg": "HS256", "kid": kid}) + "." + enc(GOOD)
    return text + "." + enc(hmac.new(secret(key or kid), text.encode(), hashlib.sha256).digest())


class Server(http.server.ThreadingHTTPServer):
    """What it answers is `how`, changed while it runs."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.how, self.body, self.etag, self.conditions = 0, "good", keys("a"), None, []
        self.stop = threading.Event()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = "%s://127.0.0.1:%d/jwks" % ("https" if context else "http", self.server_address[1])
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request, address):
        pass			# clients that hang up are what is tested

    def gone(self):
        self.stop.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        s = self.server
        s.seen += 1
        s.conditions.append(self.headers.get("If-None-Match"))
        if self.path.endswith("/other"):		# where the redirect leads
            self.answer(200, s.body)
        elif s.how == "slow":
            s.stop.wait(20)
        elif s.how == "drip":
            self.send_response(200)
            self.end_headers()
            for byte in s.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if s.stop.wait(0.05):
                    return
        elif s.how == "late":
            s.stop.wait(0.3)
            self.answer(200, s.body)
        elif s.how == "cut":
            self.answer(200, s.body[:-20], Content_Length=str(len(s.body)))
        elif s.how == "half":
            self.answer(200, s.body[:-20])
        elif s.how == "huge":
            self.answer(200, b" " * 300000 + s.body)
        elif s.how == "endless":
            self.send_response(200)
            self.end_headers()
            while not s.stop.is_set():
                self.wfile.write(b" " * 65536)
        elif s.how == "redirect":
            self.answer(302, b"", Location=s.url + "/other")
        elif s.how == "zipped":
            self.answer(200, __import__("gzip").compress(s.body), Content_Encoding="gzip")
        elif s.how == "garbage":
            self.wfile.write(b"\x00\x01nonsense\r\n\r\n")
        elif s.how == "hang up":
            self.close_connection = True
        elif s.how.isdigit():
            self.answer(int(s.how), s.body)
        elif s.etag and self.headers.get("If-None-Match") == s.etag:
            self.answer(304, b"", ETag=s.etag)
        else:
            self.answer(200, s.body, **({"ETag": s.etag} if s.etag else {}))


BAD = ["slow", "drip", "cut", "half", "huge", "endless", "redirect", "zipped", "garbage", "hang up", "500", "404", "403", "204", "304", "201"]


def open_step(url, step=0, **more):
    more = dict({"timeout": 200 * MS, "insecure": True, "refresh": 60 * S}, **more)
    started = time.monotonic()
    r = mine.d.ask("open", step=step, now=NOW, **{"with": dict(more, issuer=GOOD["iss"], audience="api", keys=url)})
    return r, time.monotonic() - started


def ask(t, step=0, **more):
    return mine.d.ask("check", step=step, token=t, now=NOW, **more)["result"]


def serve():
    return mine.d.ask("serve", step=0, why=1)


def cool():
    time.sleep(COOLDOWN + 0.05)


def down_at_open(how):
    """Whatever it does, the step opens, and says ERROR until there are keys."""
    s = Server()
    s.how = how
    r, took = open_step(s.url)
    slowest.append(took)
    check(r["rc"] == 0 and "asked again" in r["log"], "%s at open: %s" % (how, r))
    for t in (token("a"), token("x"), token("a", "x")):
        for nonblock in (False, True):
            got = ask(t, nonblock=nonblock)
            check(got == "ERROR", "%s: %s" % (how, got))
    s.how = "good"
    for _ in range(20):		# it answers within the time-out, if not at once
        if ask(token("a")) != "PASS":
            time.sleep(min(serve()["next"] / S, COOLDOWN))
    check(ask(token("a")) == "PASS" and ask(token("a", "x")) == "FAIL", "after %s it is good again" % how)
    s.gone()


def nobody():
    s = Server()
    s.gone()
    r, took = open_step(s.url)
    slowest.append(took)
    check(r["rc"] == 0 and ask(token("a")) == "ERROR", "nobody at that address: %s" % r)


def rotation():
    """A new key is fetched when it is met, once; strangers' kids do not make us ask for ever."""
    s = Server()
    started = time.monotonic()
    open_step(s.url, timeout=3 * S)

    def asked():		# at most once a cooldown, however long this took
        return s.seen <= 1 + (time.monotonic() - started) / COOLDOWN

    check(ask(token("a")) == "PASS" and s.seen == 1, "the first key, one request")
    for i in range(50):
        ask(token("stranger %d" % i))
    check(asked(), "50 strangers ask %d times" % (s.seen - 1))
    s.body = keys("a", "b")
    cool()
    seen = s.seen
    check(ask(token("b"), nonblock=True) == "AGAIN" and s.seen == seen, "NONBLOCK does not wait")
    check(ask(token("b")) == "PASS" and s.seen == seen + 1, "a new key is asked for, and there")
    check(ask(token("b"), nonblock=True) == "PASS", "and NONBLOCK sees it")
    cool()
    for i in range(50):
        ask(token("stranger"))
    check(asked(), "50 times the same stranger: %d" % s.seen)
    cool()
    seen, before = s.seen, time.monotonic()
    ask(token("stranger"))
    if time.monotonic() - before < COOLDOWN / 2:	# else it may have been forgotten meanwhile
        check(s.seen == seen, "that there is no such key is remembered")
    check(ask(token("other")) == "FAIL" and asked(), "another name is asked for: %d" % s.seen)
    s.body = keys("b")
    cool()
    check(ask(token("c")) == "FAIL" and ask(token("a")) == "FAIL", "a key taken out is out")
    s.gone()


def no_rotation():
    """A new key is met, and the server is of no use: ERROR for it, the old ones go on."""
    s = Server()
    open_step(s.url, timeout=500 * MS)
    if ask(token("a")) != "PASS":		# a machine that takes longer than that
        return skip(1, "no answer within 500 ms")
    for how in ("slow", "half"):
        s.how = how
        cool()
        got = ask(token("new-" + how)), ask(token("a"))
        check(got == ("ERROR", "PASS"), "%s when asked for a new key: %s" % (how, got))
    s.how = "slow"
    cool()
    check(ask(token("late"), left_ms=50) == "ERROR", "the deadline is shorter than the time-out")
    cool()
    check(ask(token("late"), left_ms=-1) == "ERROR", "the deadline is over")
    s.gone()


def etag():
    s = Server()
    s.etag = '"one"'
    open_step(s.url, refresh=1 * S, timeout=3 * S)
    for _ in range(2):
        cool()
        serve()
    check(s.conditions == [None, '"one"', '"one"'] and ask(token("a")) == "PASS", "asked with its ETag: %s" % s.conditions)
    s.etag, s.body = '"two"', keys("b")
    cool()
    serve()
    check(ask(token("b")) == "PASS" and ask(token("a")) == "FAIL", "another ETag, other keys")
    s.etag = None
    cool()
    serve()
    cool()
    serve()
    check(s.conditions[-2:] == ['"two"', None], "no ETag, no condition: %s" % s.conditions)
    s.gone()


def stale():
    """Keys of a server that is gone are good for `stale`, and not a moment more."""
    s = Server()
    open_step(s.url, refresh=1 * S, stale=3 * S, timeout=3 * S)
    s.gone()
    cool()
    r = serve()
    check("asked again" in r["log"], "that it is gone is logged: %s" % r)
    check("asked" not in serve()["log"], "once")
    check(ask(token("a")) == "PASS", "its keys are still good")
    time.sleep(3)
    check(ask(token("a")) == "ERROR", "until they are stale")


def together():
    """A step whose server is down does not hold up another."""
    s, gone = Server(), Server()
    gone.how = "slow"
    open_step(s.url, step=0, timeout=3 * S)
    open_step(gone.url, step=1)
    check(ask(token("a"), step=0) == "PASS" and ask(token("a"), step=1) == "ERROR", "one down, the other not")
    s.gone()
    gone.gone()


def certificate(name, issuer=None, issuer_key=None, address=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day, now = datetime.timedelta(1), datetime.datetime.utcnow()
    b = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject).public_key(key.public_key())
    b = b.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    b = b.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
    if address:
        b = b.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
    cert = b.sign(issuer_key or key, hashes.SHA256())
    return key, cert, subject


def tls():
    """Only a certificate of our CA, for the address asked, will do."""
    ca_key, ca, ca_name = certificate("ca")
    other_key, other, other_name = certificate("other")
    ca_file = write(os.path.join(tmp, "ca.pem"), ca.public_bytes(ser.Encoding.PEM))

    def server(address, name, signer):
        key, cert, _ = certificate("server", name, signer, address)
        path = write(os.path.join(tmp, address + "server.pem"), cert.public_bytes(ser.Encoding.PEM) + key.private_bytes(
            ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return Server(context)

    for address, name, signer, with_ca, want in (
            ("127.0.0.1", ca_name, ca_key, True, "PASS"), ("127.0.0.1", ca_name, ca_key, False, "ERROR"),
            ("127.0.0.2", ca_name, ca_key, True, "ERROR"), ("127.0.0.1", other_name, other_key, True, "ERROR")):
        s = server(address, name, signer)
        r, _ = open_step(s.url, timeout=3 * S, insecure=False, **({"ca": ca_file} if with_ca else {}))
        check(ask(token("a")) == want, "TLS for %s, our CA %s: %s" % (address, with_ca, r))
        s.gone()


# A proxy of the environment that leads nowhere: it must not be used.
os.environ.update(http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9", all_proxy="http://127.0.0.1:9", no_proxy="")
slowest = []


def run(part, *args):
    mine.d = Driver()
    try:
        part(*args)
    except (Exception, SystemExit) as e:
        return check(False, "%s%s: %r" % (part.__name__, args, e))
    check(mine.d.close() == 0, "%s%s: the driver ends well" % (part.__name__, args))


try:
    mine.d = Driver()
    r, _ = open_step("http://127.0.0.1:1/")
    mine.d.close()
    if "no libcurl" in r["error"]:
        skip(1, "keys by URL (a build without libcurl)")
    else:
        parts = [(p,) for p in (rotation, no_rotation, etag, stale, together, tls, nobody)] + [(down_at_open, how) for how in BAD]
        threads = [threading.Thread(target=run, args=p) for p in parts]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print("%d ways to be down at open, the longest open took %d ms (time-out 200 ms)" % (len(slowest), max(slowest) * 1000))
finally:
    shutil.rmtree(tmp)
finish()

# SPDX-License-Identifier: Apache-2.0
"""Real Flower, real ai4flwr plugin, TLS on loopback. flower.py BUILD-DIR"""
import os
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tests", "live"), os.path.join(TOP, "modules", "vault")]

import grpc  # noqa: E402
from ai4flwr.auth.bearer import BearerTokenAuthPlugin  # noqa: E402
from flwr.proto.transport_pb2_grpc import FlowerServiceStub  # noqa: E402
from live import Count, bao_binary, put  # noqa: E402

COUNT = Count()
INVALID = ("UNAUTHENTICATED", "Invalid token")
# what a Join that was let in does: it waits for work, until its caller has waited long enough
ACCEPTED = ("DEADLINE_EXCEEDED",)

FILE = """policy: 1
modules:
  - use: token_file
    kind: bearer
    unscoped: full
    with: { file: "%s" }
"""
VAULT = """policy: 1
modules:
  - use: vault
    kind: bearer
    subject: { type: client, id: key }
    unscoped: full
    with: { address: "%s", ca: "%s", mode: list, mount: secrets, path: users/u1/deployments/d1/federated, kv: 1,
            token_file: "%s", refresh: 1s, timeout: 1s }
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, t, rounds=0):
        self.port = free_port()
        self.log = open(os.path.join(t.tmp, "server.log"), "a+")
        self.p = subprocess.Popen([sys.executable, os.path.join(HERE, "server.py"), t.set, t.crt, t.key, str(self.port), str(rounds)],
                                  stdout=subprocess.PIPE, stderr=self.log, text=True)
        said = self.p.stdout.readline().strip()
        COUNT.check("the server starts", "ready", said)
        if said != "ready":
            self.log.seek(0)
            print(self.log.read()[-2000:])
            sys.exit(COUNT.finish())

    def reload(self, wanted="reloaded"):
        self.p.send_signal(signal.SIGUSR1)
        COUNT.check("SIGUSR1", wanted, self.p.stdout.readline().split(":")[0].strip())

    def end(self, secrets):
        self.p.terminate()
        COUNT.check("the server ends", 0, self.p.wait(30))
        self.log.seek(0)
        text = self.log.read()
        COUNT.check("no token in the log", [], [s for s in secrets if s in text])


class Test:
    def __init__(self, build, tmp):
        self.build, self.tmp = build, tmp
        self.set = os.path.join(tmp, "policy.d")
        self.crt, self.key = os.path.join(tmp, "crt"), os.path.join(tmp, "key")
        self.tokens = os.path.join(tmp, "tokens")
        os.mkdir(self.set)
        with open(os.path.join(TOP, "policies", "flower.yaml")) as f:
            put(self.set, "flower.yaml", f.read())
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                        self.key, "-out", self.crt, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        with open(self.crt, "rb") as f:
            self.root = f.read()

    def join(self, server, token=None, metadata=None):
        """One Join, as a client begins: let in, or refused at once."""
        tls = grpc.ssl_channel_credentials(self.root)
        if token is not None:
            tls = grpc.composite_channel_credentials(tls, grpc.metadata_call_credentials(BearerTokenAuthPlugin(token)))
        with grpc.secure_channel(f"127.0.0.1:{server.port}", tls) as channel:
            try:
                for _ in FlowerServiceStub(channel).Join(iter([]), metadata=metadata, timeout=3):
                    return ("answered",)
                return ACCEPTED
            except grpc.RpcError as e:
                return ACCEPTED if e.code() is grpc.StatusCode.DEADLINE_EXCEEDED else (e.code().name, e.details())

    def is_(self, server, what, wanted, *args, **more):
        got = self.join(server, *args, **more)
        print(f"  {what:44} {' '.join(got)}")
        COUNT.check(what, wanted, got)


def matrix(t):
    print("tokens out of a file")
    put(t.tmp, "tokens", "token-one-0001\n\n  token-two-0002  \n")
    put(t.set, "policy.yaml", FILE % t.tokens)
    server = Server(t)
    t.is_(server, "good", ACCEPTED, "token-one-0001")
    t.is_(server, "good, the second line, with blanks", ACCEPTED, "token-two-0002")
    t.is_(server, "good, the scheme in small letters", ACCEPTED, None, (("authorization", "bearer token-one-0001"),))
    t.is_(server, "good, in x-authorization", ACCEPTED, None, (("x-authorization", "Bearer token-one-0001"),))
    t.is_(server, "bad", INVALID, "nope")
    t.is_(server, "missing", INVALID)
    t.is_(server, "empty", INVALID, None, (("authorization", "Bearer "),))
    t.is_(server, "no scheme", INVALID, None, (("authorization", "token-one-0001"),))
    t.is_(server, "good and bad at once", INVALID, None,
          (("authorization", "Bearer token-one-0001"), ("x-authorization", "Bearer nope")))
    put(t.tmp, "tokens", "token-two-0002\ntoken-three-0003\n")
    server.reload()
    t.is_(server, "taken out of the file, reloaded", INVALID, "token-one-0001")
    t.is_(server, "put into the file, reloaded", ACCEPTED, "token-three-0003")
    put(t.set, "policy.yaml", "policy: 1\nmodules: [ { use: nothing_of_the_kind } ]\n")
    server.reload("not reloaded")
    t.is_(server, "after a set that does not load", ACCEPTED, "token-two-0002")
    server.end(["token-one-0001", "token-two-0002", "token-three-0003"])


def training(t):
    print("two rounds, two clients")
    put(t.tmp, "tokens", "token-one-0001\ntoken-two-0002\n")
    put(t.set, "policy.yaml", FILE % t.tokens)
    server = Server(t, 2)

    def client(token):
        p = subprocess.Popen([sys.executable, os.path.join(HERE, "client.py"), t.crt, str(server.port)], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=server.log)
        p.stdin.write(token + "\n")
        p.stdin.close()
        return p

    stranger, clients = client("nope"), [client("token-one-0001"), client("token-two-0002")]
    for p in clients:
        out = p.stdout.read()
        COUNT.check("a client trains and ends", (0, True, True), (p.wait(60), "weights [2.0, 2.0, 2.0]" in out, "done" in out))
    COUNT.check("the stranger is told", True, stranger.wait(60) != 0 and "weights" not in stranger.stdout.read())
    COUNT.check("the server has trained", "trained", server.p.stdout.readline().strip())
    COUNT.check("and ends", 0, server.p.wait(30))


def vault(t):
    print("tokens out of OpenBao, KV 1")
    if bao_binary(t.build) is None:
        COUNT.skip(8, "no OpenBao")
        return
    from test_bao import Bao
    bao = Bao(bao_binary(t.build), os.path.join(t.tmp, "bao"), "-dev-tls", "-dev-tls-cert-dir=" + os.path.join(t.tmp, "bao"),
              tls=True).ready()
    try:
        where = "secrets/users/u1/deployments/d1/federated/"
        bao.do("POST", "sys/mounts/secrets", {"type": "kv", "options": {"version": "1"}})
        bao.do("POST", where + "clinic", {"token": "token-clinic-01"})
        bao.do("POST", where + "lab", {"token": "token-lab-02"})
        bao.do("POST", where + "none", {"other": "x"})
        put(t.tmp, "vault-token", bao.token)
        put(t.set, "policy.yaml", VAULT % (bao.address, os.path.join(t.tmp, "bao", "vault-ca.pem"), os.path.join(t.tmp, "vault-token")))
        server = Server(t)
        t.is_(server, "good", ACCEPTED, "token-clinic-01")
        t.is_(server, "good, another client's", ACCEPTED, "token-lab-02")
        t.is_(server, "bad", INVALID, "token-clinic-02")
        t.is_(server, "missing", INVALID)
        bao.do("DELETE", where + "lab")
        bao.do("POST", where + "ward", {"token": "token-ward-03"})
        server.reload()
        t.is_(server, "deleted in the vault", INVALID, "token-lab-02")
        t.is_(server, "added in the vault", ACCEPTED, "token-ward-03")
        bao.stop()
        for _ in range(10):
            if t.join(server, "token-clinic-01") != ACCEPTED:
                break
        t.is_(server, "good, with the vault gone for long", ("UNAVAILABLE", "The token cannot be checked now"), "token-clinic-01")
        server.end(["token-clinic-01", "token-lab-02", "token-ward-03", bao.token])
    finally:
        bao.stop()


def main():
    os.environ["POLICY_MODULES"] = os.path.join(sys.argv[1], "modules", ".libs")
    with tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP")) as tmp:
        t = Test(sys.argv[1], tmp)
        matrix(t)
        training(t)
        vault(t)
    sys.exit(COUNT.finish())


main()

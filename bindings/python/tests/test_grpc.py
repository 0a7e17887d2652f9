# SPDX-License-Identifier: Apache-2.0
"""A real gRPC server on loopback, calls of all four kinds, tokens out of a file."""
import asyncio
import concurrent.futures
import os
import tempfile
import threading
import unittest

import grpc

import libpolicy
from common import main
from libpolicy.grpc import AioPolicyInterceptor, PolicyInterceptor

SET = """policy: 1
actions:
  one:     { aliases: [/t.S/UnaryUnary, /t.S/UnaryStream, /t.S/StreamUnary, /t.S/StreamStream] }
  other:   { aliases: /t.S/Other }
  health:  { aliases: /t.S/Health }
roles:
  bearer: { allow: one }
  probe:  { allow: health }
everyone: { roles: probe }
authenticated: { roles: bearer }
modules:
  - use: token_file
    with: { file: %s }
"""

KINDS = {
    "/t.S/UnaryUnary": ("unary_unary", False, False),
    "/t.S/UnaryStream": ("unary_stream", False, True),
    "/t.S/StreamUnary": ("stream_unary", True, False),
    "/t.S/StreamStream": ("stream_stream", True, True),
}


def handlers():
    one = lambda request, context: b"done"
    def many(request, context):
        yield b"done"
    make = {(False, False): grpc.unary_unary_rpc_method_handler, (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler, (True, True): grpc.stream_stream_rpc_method_handler}
    table = {name.split("/")[-1]: make[i, o](many if o else one) for name, (_, i, o) in KINDS.items()}
    table["Other"] = table["Health"] = make[False, False](one)
    return grpc.method_handlers_generic_handler("t.S", table)


class Interceptor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP"))
        cls.tokens = os.path.join(cls.dir.name, "tokens")
        cls.write("token1\ntoken2\n")
        cls.policy = libpolicy.Policy.open_text("t.yaml", SET % cls.tokens, module_dir=os.environ["POLICY_MODULES"])
        cls.channel = grpc.insecure_channel(f"127.0.0.1:{cls.start()}")

    @classmethod
    def start(cls):
        cls.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), interceptors=[PolicyInterceptor(cls.policy)])
        cls.server.add_generic_rpc_handlers((handlers(),))
        port = cls.server.add_insecure_port("127.0.0.1:0")
        cls.server.start()
        return port

    @classmethod
    def stop(cls):
        cls.server.stop(0).wait()

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.stop()
        cls.policy.close()
        cls.dir.cleanup()

    @classmethod
    def write(cls, text):
        with open(cls.tokens + ".new", "w") as f:
            f.write(text)
        os.chmod(cls.tokens + ".new", 0o600)
        os.rename(cls.tokens + ".new", cls.tokens)

    def call(self, method, metadata, messages=True):
        kind, stream_in, stream_out = KINDS.get(method, ("unary_unary", False, False))
        stub = getattr(self.channel, kind)(method)
        request = iter([b"x"] if messages else []) if stream_in else b"x"
        try:
            answer = stub(request, metadata=metadata, timeout=5)
            return list(answer)[0] if stream_out else answer
        except grpc.RpcError as e:
            return e.code().name, e.details()

    def test_matrix(self):
        bad = ("UNAUTHENTICATED", "Invalid token")
        for method in KINDS:
            for metadata, want in (
                ((("authorization", "Bearer token1"),), b"done"),
                ((("x-authorization", "Bearer token2"),), b"done"),
                ((("authorization", "bearer token1"),), b"done"),
                ((("authorization", "Bearer nope"),), bad),
                ((("authorization", "Bearer "),), bad),
                ((("authorization", "token1"),), bad),
                ((("authorization", "Basic !!"),), bad),
                ((("authorization", "Bearer token1 token2"),), bad),
                ((("x-authorization", "Bearer nope"), ("authorization", "Bearer token1")), bad),
                ((("x-authorization", "Bearer token1"),) * 5, bad),
                ((), bad),
                (None, bad),
            ):
                self.assertEqual(self.call(method, metadata), want, (method, metadata))

    def test_no_first_message(self):
        for method in ("/t.S/StreamUnary", "/t.S/StreamStream"):
            self.assertEqual(self.call(method, None, messages=False), ("UNAUTHENTICATED", "Invalid token"))

    def test_other_methods(self):
        good = (("authorization", "Bearer token1"),)
        self.assertEqual(self.call("/t.S/Other", good), ("PERMISSION_DENIED", "Not allowed"))
        self.assertEqual(self.call("/t.S/Health", None), b"done")
        self.assertEqual(self.call("/t.S/Health", (("authorization", "Bearer nope"),)), ("UNAUTHENTICATED", "Invalid token"))
        self.assertEqual(self.call("/t.S/Missing", good)[0], "PERMISSION_DENIED")
        self.assertEqual(self.call("/t.S/Missing", None)[0], "UNAUTHENTICATED")

    def test_reload(self):
        self.write("token3\n")
        self.policy.reload()
        self.assertEqual(self.call("/t.S/UnaryUnary", (("authorization", "Bearer token3"),)), b"done")
        self.assertEqual(self.call("/t.S/UnaryUnary", (("authorization", "Bearer token1"),))[0], "UNAUTHENTICATED")
        self.write("token1\ntoken2\n")
        self.policy.reload()
        self.assertEqual(self.call("/t.S/UnaryUnary", (("authorization", "Bearer token1"),)), b"done")


class Aio(Interceptor):
    """The same calls to a server of grpc.aio."""

    @classmethod
    def start(cls):
        cls.loop = asyncio.new_event_loop()
        cls.thread = threading.Thread(target=cls.loop.run_forever)
        cls.thread.start()
        return cls.run_there(cls.serve())

    @classmethod
    def run_there(cls, what):
        return asyncio.run_coroutine_threadsafe(what, cls.loop).result(60)

    @classmethod
    async def serve(cls):
        cls.server = grpc.aio.server(interceptors=[AioPolicyInterceptor(cls.policy)])
        make = {(False, False): grpc.unary_unary_rpc_method_handler, (False, True): grpc.unary_stream_rpc_method_handler,
                (True, False): grpc.stream_unary_rpc_method_handler, (True, True): grpc.stream_stream_rpc_method_handler}

        async def one(request, context):
            return b"done"

        async def many(request, context):
            yield b"done"

        table = {name.split("/")[-1]: make[i, o](many if o else one) for name, (_, i, o) in KINDS.items()}
        table["Other"] = table["Health"] = make[False, False](one)
        cls.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.S", table),))
        port = cls.server.add_insecure_port("127.0.0.1:0")
        await cls.server.start()
        return port

    @classmethod
    def stop(cls):
        cls.run_there(cls.server.stop(0))
        cls.loop.call_soon_threadsafe(cls.loop.stop)
        cls.thread.join()
        cls.loop.close()

    def test_other_kind_of_server(self):
        # the interceptor for threads says that it is not for a loop
        async def wrong():
            grpc.aio.server(interceptors=[PolicyInterceptor(self.policy)])

        with self.assertRaisesRegex(ValueError, "ServerInterceptor"):
            self.run_there(wrong())


class Slow:
    """A policy whose answer has to be waited for."""

    def __init__(self, policy):
        self.policy, self.threads, self.go = policy, set(), threading.Event()

    def decide(self, *args, nonblock=False, **more):
        if nonblock:
            raise libpolicy.WouldBlock("it would wait")
        self.threads.add(threading.current_thread().name)
        self.go.wait(60)
        return self.policy.decide(*args, **more)


class Waiting(Interceptor):
    """The same calls where each has to wait."""

    @classmethod
    def start(cls):
        fast, cls.policy = cls.policy, Slow(cls.policy)
        cls.policy.close, cls.policy.reload = fast.close, fast.reload
        cls.policy.go.set()
        return super().start()

    def test_others_go_on(self):
        # nobody waits in the one thread that takes calls for all
        self.policy.go.clear()
        good = (("authorization", "Bearer token1"),)
        calls = [self.channel.unary_unary("/t.S/UnaryUnary").future(b"x", metadata=good, timeout=60) for _ in range(3)]
        self.assertEqual(self.call("/t.S/UnaryUnary", (("authorization", "Bearer"),) * 5), ("UNAUTHENTICATED", "Invalid token"))
        self.policy.go.set()
        self.assertEqual([c.result() for c in calls], [b"done"] * 3)
        self.assertGreater(len(self.policy.threads), 1)
        self.assertTrue(all("ThreadPoolExecutor" in name for name in self.policy.threads), self.policy.threads)

    def test_messages(self):
        # taken apart after the decision, and put together as the handler says
        read = []
        handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request, request_deserializer=lambda b: read.append(b) or b.decode(),
                                                      response_serializer=lambda s: s.upper().encode())
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(1), interceptors=[PolicyInterceptor(self.policy)])
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.S", {"UnaryUnary": handler}),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/t.S/UnaryUnary")
            with self.assertRaises(grpc.RpcError):
                call(b"abc", metadata=(("authorization", "Bearer nope"),), timeout=60)
            self.assertEqual(read, [])
            self.assertEqual(call(b"abc", metadata=(("authorization", "Bearer token1"),), timeout=60), b"ABC")
        server.stop(0).wait()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A Flower server that asks libpolicy: server.py POLICY CERTIFICATE KEY PORT [ROUNDS]

ROUNDS 0 (the default): only the fleet's gRPC service, until it is told to end. SIGUSR1 reads the set again, and the
files it names.
"""
import functools
import os
import signal
import sys
import threading

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")

import flwr  # noqa: E402
import flwr.server.app  # noqa: E402
from flwr.proto.transport_pb2_grpc import add_FlowerServiceServicer_to_server  # noqa: E402
from flwr.server.client_manager import SimpleClientManager  # noqa: E402
from flwr.server.superlink.fleet.grpc_bidi import grpc_server  # noqa: E402
from flwr.server.superlink.fleet.grpc_bidi.flower_service_servicer import FlowerServiceServicer  # noqa: E402

import libpolicy  # noqa: E402
from libpolicy.grpc import PolicyInterceptor  # noqa: E402


def main():
    path, certificate, key, port = sys.argv[1:5]
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 0
    with open(certificate, "rb") as c, open(key, "rb") as k:
        chain = c.read()
        certificates = (chain, chain, k.read())
    policy = libpolicy.Policy.open(path, module_dir=os.environ.get("POLICY_MODULES"))
    guard = [PolicyInterceptor(policy)]

    def reload(signum, frame):
        try:
            policy.reload()
            print("reloaded", flush=True)
        except libpolicy.PolicyError as e:
            print(f"not reloaded: {e}", flush=True)

    signal.signal(signal.SIGUSR1, reload)
    address = f"127.0.0.1:{port}"
    if rounds:
        make = functools.partial(grpc_server.generic_create_grpc_server, interceptors=guard)
        grpc_server.generic_create_grpc_server = make
        strategy = flwr.server.strategy.FedAvg(min_fit_clients=2, min_available_clients=2, min_evaluate_clients=2)
        print("ready", flush=True)
        flwr.server.start_server(server_address=address, certificates=certificates, strategy=strategy,
                                 config=flwr.server.ServerConfig(num_rounds=rounds))
        print("trained", flush=True)
        return
    server = grpc_server.generic_create_grpc_server(
        servicer_and_add_fn=(FlowerServiceServicer(SimpleClientManager()), add_FlowerServiceServicer_to_server),
        server_address=address, max_concurrent_workers=8, certificates=certificates, interceptors=guard)
    server.start()
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda signum, frame: done.set())
    print("ready", flush=True)
    while not done.wait(0.1):
        pass
    server.stop(0).wait()
    policy.close()


main()

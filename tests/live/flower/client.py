# SPDX-License-Identifier: Apache-2.0
"""A Flower client with ai4flwr's plugin: client.py CERTIFICATE PORT < TOKEN"""
import os
import sys

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")

import flwr  # noqa: E402
import grpc  # noqa: E402
import numpy  # noqa: E402
from ai4flwr.auth.bearer import BearerTokenAuthPlugin  # noqa: E402


class Client(flwr.client.NumPyClient):
    def get_parameters(self, config):
        return [numpy.zeros(3)]

    def fit(self, parameters, config):
        return [parameters[0] + 1], 1, {}

    def evaluate(self, parameters, config):
        print("weights", parameters[0].tolist(), flush=True)
        return 0.0, 1, {}


def main():
    certificate, port = sys.argv[1:3]
    token = sys.stdin.readline().strip()
    plain = grpc.ssl_channel_credentials
    # this Flower's client has no place for call credentials
    grpc.ssl_channel_credentials = lambda *args, **more: grpc.composite_channel_credentials(
        plain(*args, **more), grpc.metadata_call_credentials(BearerTokenAuthPlugin(token)))
    with open(certificate, "rb") as f:
        root = f.read()
    flwr.client.start_client(server_address=f"127.0.0.1:{port}", client=Client().to_client(), root_certificates=root,
                             max_retries=1)
    print("done", flush=True)


main()

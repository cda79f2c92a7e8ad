"""ADDRESS [[METHOD, SERVICE], …] → a list of what is answered, as JSON. Runs in the venv."""

import json
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

Status = health_pb2.HealthCheckResponse.ServingStatus


def call(stub, method, service):
    """The status, or the error's code. Of a Watch the first one; it has to stay open after that."""
    request = health_pb2.HealthCheckRequest(service=service)
    try:
        if method == "Check":
            return Status.Name(stub.Check(request, timeout=2).status)
        stream = stub.Watch(request, timeout=2)
        first = Status.Name(next(stream).status)
        try:
            return f"{first}, then {Status.Name(next(stream).status)}"
        except StopIteration:
            return f"{first}, then its end"
        except grpc.RpcError as error:
            open_still = error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
            return first if open_still else f"{first}, then {error.code().name}"
    except grpc.RpcError as error:
        return error.code().name


with grpc.insecure_channel(sys.argv[1]) as channel:
    stub_ = health_pb2_grpc.HealthStub(channel)
    json.dump([call(stub_, *ask) for ask in json.loads(sys.argv[2])], sys.stdout)

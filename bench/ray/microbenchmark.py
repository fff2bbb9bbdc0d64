"""The list of rows on Ray, under the same names and the same timing rule; run by `npm run bench -- --ray`.

Takes one argument, JSON with `names`, `cores`, `warmUpMs`, `windowMs` and `windows`. Prints, as its last line, JSON that maps the
name of each row that is among the names and has a counterpart here to its `mean` and `deviation`.
"""

import json
import statistics
import sys
import time

import numpy as np
import ray

asked = json.loads(sys.argv[1])
NAMES = set(asked["names"])
BATCH = 1000
SERVERS = max(1, asked["cores"] // 2)
results = {}


def measure(call, operations):
    """Calls for the warm-up, then windows of blocks of calls; one rate for each window."""
    calls = 0
    end = time.perf_counter() + asked["warmUpMs"] / 1000
    while time.perf_counter() < end:
        call()
        calls += 1
    block = calls // 10 + 1
    rates = []
    for _ in range(asked["windows"]):
        start = time.perf_counter()
        done = 0
        while time.perf_counter() - start < asked["windowMs"] / 1000:
            for _ in range(block):
                call()
            done += block
        rates.append(done * operations / (time.perf_counter() - start))
    return {"mean": statistics.mean(rates), "deviation": statistics.pstdev(rates)}


def row(name, operations=1):
    """Measures what the decorated function returns, if its row was asked for."""

    def decorate(prepare):
        if name in NAMES:
            print(name, file=sys.stderr)
            try:
                results[name] = measure(prepare(), operations)
            except Exception as error:  # the other rows are still worth their time
                print(f"{name} failed: {error}", file=sys.stderr)
        return prepare

    return decorate


@ray.remote
def small_value():
    return b"ok"


@ray.remote
def put_small(count):
    for _ in range(count):
        ray.put(0)


@ray.remote
def put_large(count, size):
    zeros = np.zeros(size, dtype=np.uint8)
    for _ in range(count):
        ray.put(zeros)


@ray.remote
def refs_inside(count):
    return [ray.put(1) for _ in range(count)]


@ray.remote(num_cpus=0)
class Server:
    def small_value(self):
        return b"ok"

    def small_value_arg(self, _value):
        return b"ok"


@ray.remote
class AsyncServer:
    async def small_value(self):
        return b"ok"

    async def small_value_with_arg(self, _value):
        return b"ok"


@ray.remote(num_cpus=0)
class Client:
    def __init__(self, servers):
        self.servers = servers

    def small_value_batch(self, count):
        ray.get([server.small_value.remote() for server in self.servers for _ in range(count)])

    def small_value_batch_arg(self, count):
        arg = ray.put(0)
        ray.get([server.small_value_arg.remote(arg) for server in self.servers for _ in range(count)])


@ray.remote(num_cpus=0)
class TaskClient:
    def small_value_batch(self, count):
        ray.get([small_value.remote() for _ in range(count)])


@ray.remote
def work(servers, count):
    ray.get([servers[i % len(servers)].small_value.remote() for i in range(count)])


ray.init(logging_level="error", log_to_driver=False, resources={"custom": 100})
ray.get(small_value.remote())


def tasks_batch():
    ray.get([small_value.remote() for _ in range(BATCH)])


@row("single client tasks sync")
def _():
    return lambda: ray.get(small_value.remote())


@row("single client tasks async", BATCH)
def _():
    return tasks_batch


@row("single client tasks and get batch")
def _():
    return tasks_batch


@row("multi client tasks async", 40_000)
def _():
    clients = [TaskClient.remote() for _ in range(4)]
    return lambda: ray.get([client.small_value_batch.remote(10_000) for client in clients])


def sync_calls(kind):
    actor = kind.remote()
    ray.get(actor.small_value.remote())
    return lambda: ray.get(actor.small_value.remote())


def async_calls(kind):
    actor = kind.remote()
    ray.get(actor.small_value.remote())
    return lambda: ray.get([actor.small_value.remote() for _ in range(BATCH)])


def one_to_many(kind):
    client = Client.remote([kind.remote() for _ in range(SERVERS)])
    return lambda: ray.get(client.small_value_batch.remote(5000))


def many_to_many(kind):
    servers = [kind.remote() for _ in range(SERVERS)]
    return lambda: ray.get([work.remote(servers, 5000) for _ in range(4)])


row("1:1 actor calls sync")(lambda: sync_calls(Server))
row("1:1 actor calls async", BATCH)(lambda: async_calls(Server))
row("1:1 actor calls concurrent", BATCH)(lambda: async_calls(Server.options(max_concurrency=16)))
row("1:n actor calls async", 5000 * SERVERS)(lambda: one_to_many(Server))
row("n:n actor calls async", 20_000)(lambda: many_to_many(Server))


@row("n:n actor calls with arg async", 1000 * SERVERS)
def _():
    clients = [Client.remote([Server.remote()]) for _ in range(SERVERS)]
    return lambda: ray.get([client.small_value_batch_arg.remote(1000) for client in clients])


# Callers and asynchronous servers must fit side by side, on two cores as well.
Asynchronous = AsyncServer.options(num_cpus=0)
row("1:1 async-actor calls sync")(lambda: sync_calls(Asynchronous))
row("1:1 async-actor calls async", BATCH)(lambda: async_calls(Asynchronous))


@row("1:1 async-actor calls with args async", BATCH)
def _():
    actor = Asynchronous.remote()
    return lambda: ray.get([actor.small_value_with_arg.remote(i) for i in range(BATCH)])


row("1:n async-actor calls async", 5000 * SERVERS)(lambda: one_to_many(Asynchronous))
row("n:n async-actor calls async", 20_000)(lambda: many_to_many(Asynchronous))


@row("single client get calls (Plasma Store)")
def _():
    ref = ray.put(0)
    return lambda: ray.get(ref)


@row("single client put calls (Plasma Store)")
def _():
    return lambda: ray.put(0)


@row("multi client put calls (Plasma Store)", 1000)
def _():
    return lambda: ray.get([put_small.remote(100) for _ in range(10)])


@row("single client put gigabytes", 0.8)
def _():
    zeros = np.zeros(100 * 1024 * 1024, dtype=np.int64)
    return lambda: ray.put(zeros)


@row("multi client put gigabytes", 8)
def _():
    return lambda: ray.get([put_large.remote(10, 80 * 1024 * 1024) for _ in range(10)])


@row("single client put 64 MiB", 64 * 1024 * 1024 / 1e9)
def _():
    zeros = np.zeros(64 * 1024 * 1024, dtype=np.uint8)
    return lambda: ray.put(zeros)


def get_mebibytes(size):
    ref = ray.put(np.zeros(size * 1024 * 1024, dtype=np.uint8))
    return lambda: ray.get(ref)


row("single client get 1 MiB")(lambda: get_mebibytes(1))
row("single client get 64 MiB")(lambda: get_mebibytes(64))
row("single client get 800 MiB")(lambda: get_mebibytes(800))


@row("single client get object containing 10k refs")
def _():
    ref = refs_inside.remote(10_000)
    ray.get(ref)
    return lambda: ray.get(ref)


@row("single client wait 1k refs")
def _():
    def call():
        left = [small_value.remote() for _ in range(BATCH)]
        fetch = True
        while left:
            _, left = ray.wait(left, fetch_local=fetch)
            fetch = False

    return call


@row("placement group create/removal", 100)
def _():
    def call():
        groups = [ray.util.placement_group([{"custom": 0.001}]) for _ in range(100)]
        for group in groups:
            group.wait(timeout_seconds=30)
        for group in groups:
            ray.util.remove_placement_group(group)

    return call


ray.shutdown()
print(json.dumps(results))

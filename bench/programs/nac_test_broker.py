"""nac-test's own broker, from a checkout of it. Its devices are stand-ins that answer by themselves after so
many seconds, as those of our own simulator do, but without a connection: nac-test would need pyATS for one.
Says `ready`, and then for each line of its input how many commands they have executed.
"""

import asyncio
import collections
import itertools
import pathlib
import sys
import time


class Device:
    """What the broker takes for a connected device."""

    connected = True
    spawn = True

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.executed = itertools.count(1)
        self.executions: collections.Counter[str] = collections.Counter()

    def execute(self, command: str) -> str:
        time.sleep(self.seconds)
        self.executions[command] += 1
        return f"{command.removeprefix('show nonce ')} {next(self.executed)}"

    def disconnect(self) -> None:
        pass


async def main(checkout: str, socket_path: str, seconds: str) -> None:
    sys.path.insert(0, checkout)
    from nac_test.pyats_core.broker.connection_broker import ConnectionBroker

    broker = ConnectionBroker(socket_path=pathlib.Path(socket_path))
    device = Device(float(seconds))
    broker.connected_devices["sim-1"] = device
    async with broker.run_context():
        print("ready", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(*device.executions.values(), flush=True)


asyncio.run(main(*sys.argv[1:]))

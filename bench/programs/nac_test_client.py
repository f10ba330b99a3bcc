"""nac-test's own client. Says `ready`, then makes as many calls as each line of its input says, of the nonce that
it names, and prints when it began and ended, in milliseconds of the monotonic clock, and what it was told.
"""

import asyncio
import importlib.util
import sys
import time


async def main(client_file: str, socket_path: str) -> None:
    spec = importlib.util.spec_from_file_location("broker_client", client_file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    client = module.BrokerClient(socket_path)
    await client.connect()
    print("ready", flush=True)
    for line in sys.stdin:
        times, nonce = line.split()
        outputs = []
        began = time.monotonic_ns()
        for _ in range(int(times)):
            outputs.append(await client.execute_command("sim-1", f"show nonce {nonce}"))
        ended = time.monotonic_ns()
        told = "|".join(sorted(set(outputs)))
        print(f"{began / 1e6} {ended / 1e6} {told}", flush=True)
    await client.disconnect()


asyncio.run(main(*sys.argv[1:]))

import { readFileSync, writeFileSync } from 'node:fs'
import type { Simulator } from '@nac-broker/devices'
import type { Clock } from '@nac-broker/supervisor'
import { type FaultProxy, startFaultProxy } from '../proxy/fault-proxy.ts'

const HOST = '127.0.0.1'

/** A proxy before each device. The testbed, and the host keys that it names, are to name these. */
export async function startDeviceWires(
  devices: () => Simulator['devices'],
  count: number,
  clock: Clock,
): Promise<FaultProxy[]> {
  const starting = Array.from({ length: count }, (_, at) =>
    startFaultProxy(
      { port: 0, host: HOST },
      () => ({ port: devices()[at]?.port ?? 0, host: HOST }),
      clock,
    ),
  )
  return Promise.all(starting)
}

/** Puts the proxies' ports in the place of the devices', in the testbed and in its known_hosts. */
export function throughWires(
  text: string,
  devices: Simulator['devices'],
  wires: readonly FaultProxy[],
): string {
  if (wires.length === 0) return text
  const file = /UserKnownHostsFile=([^\s"']+)/.exec(text)?.[1]
  if (file !== undefined) writeFileSync(file, renamed(readFileSync(file, 'utf8'), ']:'))
  return renamed(text, 'port: ')

  function renamed(from: string, before: string): string {
    return devices.reduce(
      (done, { port }, at) => done.replaceAll(`${before}${port}`, `${before}${wires[at]?.port}`),
      from,
    )
  }
}

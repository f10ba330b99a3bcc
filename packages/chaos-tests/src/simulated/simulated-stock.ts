import type { SimulatedLab } from './simulated-lab.ts'

/** What is there of a run after everything was closed, in words. */
export function* leftBy({ machine, network, routers, outside }: SimulatedLab): Generator<string> {
  if (network.hasFile) yield 'the socket file is left'
  if (network.open > 0) yield `${network.open} connections to the broker are left`
  for (const [name, { open }] of routers)
    if (open > 0) yield `${open} connections to ${name} are left`
  for (const process of machine.processes) {
    if (process === outside || process.timers === 0) continue
    yield `${process.timers} timers of pid ${process.pid} are left`
  }
}

import { expect, it } from 'vitest'
import { allFaults } from '../faults/all-faults.ts'
import { drawSchedule } from '../schedules/draw-schedule.ts'
import { runSimulated } from '../simulated/run-simulated.ts'
import { pageOf } from './page.ts'

/** One in which a broker is lost, restarted, and a call fails. */
const SEED = 12

it('a page shows what befell the run, each generation, caller and device, and what was violated', async () => {
  const faults = await allFaults()
  const byName = new Map(faults.map((fault) => [fault.name, fault]))
  const killed = { name: 'broker-killed', after: 3, args: { times: 1 } }
  const drawn = { ...drawSchedule(SEED, faults), faults: [killed] }
  const evidence = await runSimulated(drawn, byName)
  const html = pageOf(evidence, [{ invariant: 'at-most-once', what: 'a <b> & "c"' }], 'chaos it')
  expect(html).toContain('a &lt;b&gt; &amp; &quot;c&quot;')
  expect(html).toContain('<code>chaos it</code>')
  expect(html).not.toMatch(/<script|https?:/)
  const lanes = [...html.matchAll(/<li title="(.*?)">/g)].map(([, name]) => name)
  const callers = drawn.clients.flatMap((one, client) =>
    one.map((_, caller) => `${client + 1}.${caller + 1}`),
  )
  const devices = Array.from({ length: drawn.devices }, (_, at) => `sim-${at + 1}`)
  const generations = ['generation 1', 'generation 2']
  expect(lanes).toEqual(
    expect.arrayContaining(['1 broker-killed', ...generations, ...callers, ...devices]),
  )
  const bars = html.match(/<rect class="(passed|cached|failed)" x/g) ?? []
  expect(bars).toHaveLength(evidence.calls.length + evidence.lastCalls.length)
})

import type { RunReport } from '../report.ts'
import { count, number, share } from './format.ts'
import { type Markup, markup } from './markup.ts'

/** What clients would have asked of the devices by themselves, and did not have to. */
export function savings({ broker, health }: RunReport): Markup {
  const { connectionHits, connectionMisses, commandHits, commandMisses } = broker.statistics
  const commands = commandHits + commandMisses
  const uses = connectionHits + connectionMisses
  const direct = health.workers.reduce((sum, worker) => sum + worker.direct, 0)
  const lost = broker.generations.some((one) => one.lost !== undefined)
  if (commands + uses === 0) return markup`<p>Nothing: nobody asked it for a device.</p>`
  return markup`<p><b>${number(commandHits)} of ${count(commands, 'command')} (${share(commandHits, commands)}) asked nothing of a device</b>: the output was in the cache, another client was just asking for the same, or the outcome was on record. The devices were given the other ${number(commandMisses)}.</p>
${bar(commandHits, commands, 'commands answered without a device')}
<p><b>${number(connectionHits)} of ${count(uses, 'use')} of a device (${share(connectionHits, uses)}) found a session open</b>: ${count(connectionMisses, 'login')}, where one for each use would have been ${number(uses)}.</p>
${bar(connectionHits, uses, 'uses that found a session open')}
${lost && markup`<p>What a broker that was lost had counted at the very last is missing in these numbers.</p>`}
${direct > 0 && markup`<p>Besides, ${count(direct, 'command')} went to the devices directly, without a broker.</p>`}`
}

function bar(part: number, whole: number, what: string): Markup {
  const percent = whole === 0 ? 0 : Math.round((1000 * part) / whole) / 10
  const title = `${number(part)} of ${number(whole)} ${what}`
  return markup`<svg class="share" role="img" aria-label="${title}" width="100%" height="12"><title>${title}</title><rect class="whole" width="100%" height="12"/><rect class="part" width="${percent}%" height="12"/></svg>`
}

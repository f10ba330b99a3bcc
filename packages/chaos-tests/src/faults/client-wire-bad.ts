import { draw } from '../chaos-seed.fixture.ts'
import type { WireFault } from '../proxy/fault-proxy.ts'
import { drawWireFault } from '../proxy/draw-wire-fault.ts'
import { fault } from './fault.ts'

/** What goes between clients and broker suffers for a while. */
export default fault<{ wire: WireFault; forMs: number }>({
  name: 'client-wire-bad',
  draw: (random) => ({ wire: drawWireFault(random), forMs: draw(random, 20, 1_500) }),
  async inject({ clientWire, pause }, { wire, forMs }, over) {
    clientWire.suffer(wire)
    await pause(forMs, over)
    clientWire.mend()
  },
})

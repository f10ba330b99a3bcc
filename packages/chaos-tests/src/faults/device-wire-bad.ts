import { draw } from '../chaos-seed.fixture.ts'
import type { WireFault } from '../proxy/fault-proxy.ts'
import { drawWireFault } from '../proxy/draw-wire-fault.ts'
import { fault } from './fault.ts'

/** What goes between whoever is logged in and the devices suffers for a while. */
export default fault<{ wire: WireFault; forMs: number }>({
  name: 'device-wire-bad',
  draw: (random) => ({ wire: drawWireFault(random), forMs: draw(random, 20, 1_500) }),
  async inject({ deviceWire, pause }, { wire, forMs }, over) {
    deviceWire.suffer(wire)
    await pause(forMs, over)
    deviceWire.mend()
  },
})

import { NONCES_OF_A_ROUTER } from '../../../devices/src/simulator/machine.ts'
import type { Invariant } from './invariant.ts'

export const nobodyElsesAnswer: Invariant = {
  name: 'nobody-elses-answer',
  promise: 'no output reaches another caller or device',
  *violations({ calls }) {
    for (const { line, device, outcome } of calls) {
      const nonce = /^(?:do )?\w+ nonce (.+)$/.exec(line)?.[1]
      if (nonce === undefined || outcome.kind !== 'acknowledged') continue
      // A device that misbehaves may have said something before.
      const last = outcome.output.split('\r\n').at(-1)
      const count = last?.startsWith(`${nonce} `) ? Number(last.slice(nonce.length)) : NaN
      if (device !== `sim-${Math.ceil(count / NONCES_OF_A_ROUTER)}`) {
        yield `"${line}" on ${device} was answered "${outcome.output.slice(0, 80)}"`
      }
    }
  },
}

import { systemClock } from '@nac-broker/supervisor'
import { bareSshTo } from '../bare-ssh.ts'
import { pinTo } from '../cores.ts'
import { loginsOf } from '../device-witness.ts'
import { startLab } from '../lab.ts'
import { requireNonce } from '../nonce.ts'
import type { Question } from '../question.ts'
import { compareRates } from '../rates.ts'

const DEVICES = 50

export const firstLogins: Question = {
  name: 'first-logins',
  asks: 'How long do the first logins to fifty devices take?',
  beside: 'as many shells opened by ssh2 itself, all at once, paging and line wrapping off too',
  async measure({ quick }) {
    const rounds = quick ? 1 : 20
    const warmUpRounds = quick ? 0 : 3
    await using lab = await startLab({ devices: DEVICES, logged: true })
    const devices = Array.from({ length: DEVICES }, (_, i) => `sim-${i + 1}`)
    const logIn = await bareSshTo(lab.testbed)
    const broker = await lab.broker('broker.sock')
    // The devices have the other core, whoever logs in.
    if (lab.pinned) pinTo(0, broker.pid)
    const client = await lab.client('broker.sock')
    const limit = {
      what: 'bare ssh2 shells',
      units: DEVICES,
      async round() {
        const startedMs = systemClock.now()
        const sessions = await Promise.all(devices.map(logIn))
        const tookMs = systemClock.now() - startedMs
        for (const session of sessions) session[Symbol.dispose]()
        return tookMs
      },
      takers: { client: [process.pid] },
    }
    const ours = {
      what: 'through the broker',
      units: DEVICES,
      async round() {
        const startedMs = systemClock.now()
        await Promise.all(devices.map((device) => client.connect(device)))
        const tookMs = systemClock.now() - startedMs
        const answers = await Promise.all(
          devices.map((device) => client.execute(device, 'show nonce in', { cache: false })),
        )
        for (const answer of answers) requireNonce(answer, 'in')
        await Promise.all(devices.map((device) => client.disconnect(device)))
        return tookMs
      },
      takers: { client: [process.pid], server: [broker.pid] },
    }
    const tables = await compareRates(limit, ours, {
      title: `First logins to ${DEVICES} devices at once`,
      unit: 'logins',
      rounds,
      warmUpRounds,
      bar: 'at least 0.91: at most 1.1 times as long',
    })
    const log = await lab.log()
    const expected = 2 * (rounds + warmUpRounds)
    const wrong = devices.find((device) => loginsOf(device, log) !== expected)
    if (wrong !== undefined)
      throw new Error(`${wrong} was logged in to ${loginsOf(wrong, log)} times, not ${expected}`)
    return tables
  },
}

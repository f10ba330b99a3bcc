import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '@nac-broker/supervisor'
import { expect, it, onTestFinished } from 'vitest'
import { Generation } from './generation.ts'
import type { Host } from './hosts/host.ts'
import { threadHost } from './hosts/thread.ts'
import { resolveSettings } from './options.ts'
import { defaultSocketPlace } from './socket-path.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const SETTINGS = resolveSettings({})

/** A broker in a thread, with the host as given. Ends with the test. */
async function started(host: Host): Promise<Generation> {
  const place = await defaultSocketPlace(process.env)
  const generation = new Generation({
    host,
    options: { ...SETTINGS, socketPath: place.path, logLevel: 'silent', commandEvents: false },
    heartbeatIntervalMs: SETTINGS.heartbeatIntervalMs,
    heartbeatTimeoutMs: SETTINGS.heartbeatTimeoutMs,
    readyTimeoutMs: 30_000,
    clock: systemClock,
    onEvent() {},
    onLiveness() {},
    onLog() {},
    onChildProcess() {},
  })
  onTestFinished(async () => {
    await generation.kill()
    await place.release()
  })
  await generation.start()
  return generation
}

/** What it is asked never comes to it. */
const deaf: Host = (onMessage) => {
  const hosted = threadHost(onMessage)
  return {
    ...hosted,
    post(message) {
      if (message.type !== 'status') hosted.post(message)
    },
  }
}

it('holds no status that it has given, however long it lives', async () => {
  const generation = await started(threadHost)
  const given: WeakRef<object>[] = []
  for (let count = 0; count < 100; count++) {
    // oxlint-disable-next-line no-await-in-loop -- as who looks again and again asks
    given.push(new WeakRef(await generation.status()))
  }
  // What was last looked at through a WeakRef is held until this turn of the loop is over.
  await new Promise((resolve) => void setImmediate(resolve))
  collectGarbage()
  const held = given.filter((one) => one.deref() !== undefined)
  expect(held.length).toBeLessThan(10)
})

it('refuses a status that is asked for when it is lost, and one that it has not answered by then', async () => {
  const generation = await started(deaf)
  const asked = [generation.status(), generation.status()]
  const killed = generation.kill()
  const refusals = await Promise.all(asked.map((one) => one.catch((error: unknown) => error)))
  for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'BROKER_LOST' })
  await killed
  await expect(generation.status()).rejects.toMatchObject({ code: 'BROKER_LOST' })
})

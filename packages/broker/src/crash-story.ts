import { asBrokerError } from '@nac-broker/protocol'
import type { Crash } from '@nac-broker/supervisor'

/** Every crash of a broker that is not restarted, in one line; what happened again and again is told once. */
export function crashStory(crashes: readonly Crash[]): string {
  const spells: { message: string; seconds: string[] }[] = []
  for (const { error, ranMs } of crashes) {
    const { message } = asBrokerError(error)
    const ran = (ranMs / 1000).toFixed(1)
    const spell = spells.at(-1)
    if (spell?.message === message) spell.seconds.push(ran)
    else spells.push({ message, seconds: [ran] })
  }
  const [only] = spells
  if (crashes.length === 1 && only) {
    return `${only.message}, after ${only.seconds.join()} s; it is not restarted`
  }
  const told = spells.map(({ message, seconds }) => `after ${seconds.join(', ')} s: ${message}`)
  return `the broker was lost ${crashes.length} times and restarting was given up (${told.join('; ')})`
}

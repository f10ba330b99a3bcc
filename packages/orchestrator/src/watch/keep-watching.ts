import {
  type Clock,
  type FailureDetector,
  lookOnce,
  probing,
  type ProbeOptions,
  whenAborted,
} from '@nac-broker/supervisor'

/**
 * Tells the detector how the unit fares until `signal` is aborted. One that has failed is looked at until
 * it is live again, and begins anew.
 */
export async function keepWatching(
  name: string,
  {
    detector,
    signal,
    ...probe
  }: ProbeOptions & { detector: FailureDetector; signal: AbortSignal; clock: Clock },
): Promise<void> {
  const unit = { name: `watch ${name}`, kind: 'watch' }
  const aborted = whenAborted(signal)
  while (!signal.aborted) {
    const failed = Promise.withResolvers<void>()
    detector.start(unit, (watched) =>
      probing(probe)({
        ready: () => watched.ready(),
        fail(cause) {
          watched.fail(cause)
          failed.resolve()
        },
      }),
    )
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    await Promise.race([failed.promise, aborted])
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    await untilLive(probe, signal)
  }
  detector.tell(unit.name, 'stopping')
  detector.tell(unit.name, 'stopped')
}

async function untilLive(
  probe: ProbeOptions & { clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- it is what is looked at that has to change
    await probe.clock.sleep(probe.everyMs, signal).catch(() => {})
    // oxlint-disable-next-line no-await-in-loop -- it is what is looked at that has to change
    const found = await lookOnce(probe, signal)
    if ('alive' in found && found.alive) return
  }
}

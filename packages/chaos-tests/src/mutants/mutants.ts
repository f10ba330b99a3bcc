import type { Mutant } from './mutant.ts'

const CHANGES = 'broker/src/changes.ts'
const OUTCOMES = 'run-store/src/outcomes.ts'
const QUEUE = 'run-store/src/slot-queue.ts'
const FLIGHT = 'broker/src/flight.ts'
const SCHEDULER = 'broker/src/scheduler.ts'
const LINK = 'client/src/link.ts'
const CLI = 'devices/src/cli/cli-session.ts'
const SUPERVISOR = 'broker/src/broker-supervisor.ts'
const LEASED = 'broker/src/leased-session.ts'

/** Ours, each of which has to be caught. */
export const MUTANTS: readonly Mutant[] = [
  one(
    'answer-to-anyone',
    'an answer goes to whoever waits longest, not to whoever asked',
    LINK,
    'const pending = this.#pending.get(id)\n    if (!pending) return\n    if (error)',
    'const pending = this.#pending.values().next().value\n    if (!pending) return\n    if (error)',
  ),
  one(
    'last-chunk-only',
    'a long output loses all but its last part',
    LINK,
    'result.output = Buffer.concat([...pending.chunks, result.output])',
    'result.output = Buffer.from(result.output)',
  ),
  one(
    'no-deadline',
    'a call waits for ever',
    'client/src/call.ts',
    'ms: this.remainingMs + graceMs,',
    'ms: Infinity,',
  ),
  one(
    'nothing-rejected',
    'calls in flight are forgotten when the link is over',
    LINK,
    "for (const { reject } of this.#pending.values()) reject(withSent(error, 'unknown'))",
    'this.#pending.clear()',
  ),
  one(
    'resent-under-another-key',
    'a change that may have been sent is sent again as a new one',
    'client/src/broker-commands.ts',
    'const result = await link.request(operation, params, call)',
    "const result = await link.request(operation, 'key' in params && call.attempts > 0 ? { ...params, key: `${params.key}-${call.attempts}` } : params, call)",
  ),
  one(
    'no-claim',
    'a direct client sends a change without having taken it from the broker',
    'client/src/direct/changes.ts',
    'if (await guard(() => this.#store.outcomes.voidKey(change))) return undefined',
    'if (await guard(() => Promise.resolve(true))) return undefined',
  ),
  one(
    'direct-without-slot',
    'a direct client logs in without a slot',
    'client/src/direct/direct-session.ts',
    'lease = await this.#slot(signal)',
    'lease = undefined as Lease | undefined',
  ),
  {
    ...one(
      'direct-repeats-changes',
      'a direct client sends a change again when its session was lost',
      'client/src/direct/direct.ts',
      "return this.#run(call, device, work, ({ sent }) => sent === 'no')",
      'return this.#run(call, device, work, () => true)',
    ),
    faults: ['broker-killed', 'device-drops-sessions'],
  },
  {
    name: 'sent-again',
    mistake: 'what an earlier broker has sent is sent again',
    edits: [
      {
        file: CHANGES,
        find: "(outcome.state === 'sent' && underWay)",
        replace: "outcome.state === 'sent'",
      },
      {
        file: OUTCOMES,
        find: "if (state !== 'absent') {",
        replace: "if (state === 'sent') return\n      if (state !== 'absent') {",
      },
    ],
  },
  one(
    'never-marked',
    'a change goes to the device without being marked as sent',
    CHANGES,
    'await this.#guard(() => outcomes.markSent(change, this.#generation))',
    'void outcomes',
  ),
  one(
    'keys-not-kept',
    'the outcome of a change is not recorded',
    'run-store/src/carry-out.ts',
    'await outcomes.markDone(change, result).catch(() => {})',
    'void result',
  ),
  one(
    'recorded-too-early',
    'an empty output is recorded as the outcome',
    'run-store/src/carry-out.ts',
    '({ kept: true, content } as const)',
    '({ kept: true, content: content.subarray(0, 0) } as const)',
  ),
  one(
    'change-replayed',
    'a change whose session was lost is executed once more',
    FLIGHT,
    "error.code === 'SESSION_LOST' && this.#work.replayable && this.#attempts < 2",
    "error.code === 'SESSION_LOST' && this.#attempts < 2",
  ),
  one(
    'changes-cached',
    'any command counts as read-only',
    SCHEDULER,
    'if (lane.device.platform.isReadOnly(command)) return this.#read',
    'if (command) return this.#read',
  ),
  one(
    'stale-flight',
    'a read joins one that began before a change',
    FLIGHT,
    'return this.#state.epoch === this.#lane.epoch',
    'return true',
  ),
  one(
    'stale-cache',
    'the cache forgets that the device was changed',
    'broker/src/output-cache.ts',
    'return entry?.epoch === epoch ? entry.output : undefined',
    'return entry?.output',
  ),
  one(
    'cache-mixes-devices',
    'the cache does not tell devices apart',
    'broker/src/output-cache.ts',
    'return `${device}\\n${command}`',
    "return `${device ? '' : ''}\\n${command}`",
  ),
  one(
    'cache-without-cap',
    'the cache keeps more than it may',
    'broker/src/output-cache.ts',
    `maxSize: maxBytes,
      // One giant output must not push everything else out.
      maxEntrySize: Math.ceil(maxBytes / 4),`,
    'maxSize: maxBytes * 1_000,',
  ),
  one(
    'queue-forgets-to-forget',
    'a command whose callers have all left stays in the queue',
    'broker/src/device-lane.ts',
    'this.#queue.remove(job.client, job)',
    'void job',
  ),
  one(
    'keys-mix-changes',
    'a key that was used for another change is not noticed, and its outcome given out',
    OUTCOMES,
    'if (row.device !== device || row.fingerprint !== fingerprint) {',
    'if (row.device === fingerprint) {',
  ),
  one(
    'no-lease',
    'the broker logs in without a lease',
    LEASED,
    'if (!store) return (device',
    'if (store || !store) return (device',
  ),
  one(
    'lease-forgotten',
    'a lease is not released when its session ends',
    LEASED,
    'void session.ended.then(release)',
    'void session.ended',
  ),
  one(
    'lease-kept-on-failure',
    'a lease is not released when the login fails',
    LEASED,
    'await release()\n      throw error',
    'throw error',
  ),
  one(
    'living-are-reaped',
    'leases of owners that live are reaped',
    'run-store/src/generations.ts',
    'return ended || this.#connection.processes.isGone(owner)',
    'return ended || !this.#connection.processes.isGone(owner)',
  ),
  one(
    'one-session-too-many',
    'a device gets one session more than it allows',
    QUEUE,
    'if (onDevice.held + onDevice.waiting >= maxPerDevice) return false',
    'if (onDevice.held + onDevice.waiting > maxPerDevice) return false',
  ),
  one(
    'slot-never-released',
    'the pool forgets to give a slot back',
    'broker/src/device-lane.ts',
    'pooled.lease.release()\n    const closed',
    'const closed',
  ),
  {
    ...one(
      'session-used-after-timeout',
      "a session whose command timed out serves the next one, which gets the late one's output",
      CLI,
      `const timer = this.#clock.startTimer(timeoutMs, () => this.#end(this.#timedOut(timeoutMs)))
    const onAbort = (): void => this.#end(this.#error('CANCELLED', 'cancelled', 'yes'))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await work()`,
      `const late = Promise.withResolvers<never>()
    const timer = this.#clock.startTimer(timeoutMs, () => late.reject(this.#timedOut(timeoutMs)))
    const onAbort = (): void => this.#end(this.#error('CANCELLED', 'cancelled', 'yes'))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([work(), late.promise])`,
    ),
    // What is typed is found again in what comes, and what came before it dropped: but for a device that shows nothing.
    faults: ['device-silent', 'device-no-echo'],
  },
  one(
    'commands-overlap',
    'two commands run on one session at a time',
    'broker/src/lane-sessions.ts',
    "if (pooled.state.kind === 'idle') return pooled\n    return undefined",
    "if (pooled.state.kind !== 'closing') return pooled\n    return undefined",
  ),
  one(
    'stall-unnoticed',
    'a broker that says nothing is never taken for lost',
    'supervisor/src/liveness.ts',
    'const isSilent = now >= this.#lostAt(watch)',
    'const isSilent = now >= this.#lostAt(watch) + 3_600_000',
  ),
  one(
    'old-broker-left-alive',
    'the next broker is started before the old one has ended',
    SUPERVISOR,
    'await generation.kill()',
    'await Promise.resolve()',
  ),
  one(
    'no-fence',
    'a generation is not marked as ended',
    'broker/src/fence.ts',
    'await store.generations.end(generation)',
    'void generation',
  ),
  one(
    'restarts-without-end',
    'a broker is restarted however often it crashes',
    'supervisor/src/restart-intensity.ts',
    'return this.#restarts.length > maxRestarts',
    'return this.#restarts.length > maxRestarts + 1_000',
  ),
  one(
    'gives-up-at-once',
    'a broker that was lost is given up without a restart',
    'supervisor/src/restart-intensity.ts',
    'return this.#restarts.length > maxRestarts',
    'return this.#restarts.length > maxRestarts - maxRestarts',
  ),
  one(
    'backoff-reset-on-spawn',
    'the pause before a restart never grows',
    'supervisor/src/supervise.ts',
    'const delayMs = this.#backoff.nextDelayMs()',
    'this.#backoff.reset()\n    const delayMs = this.#backoff.nextDelayMs()',
  ),
  one(
    'always-restarts',
    'a broker is restarted whatever the crash policy is',
    SUPERVISOR,
    "restart: first === 'restart' ? 'transient' : 'temporary',",
    "restart: first === 'restart' ? 'transient' : 'transient',",
  ),
  one(
    'socket-left',
    'the socket file stays when the broker is closed',
    SUPERVISOR,
    'await place.clear()\n',
    '\n',
  ),
  one(
    'timer-left',
    'a timer lives on when the broker is closed',
    'broker/src/broker.ts',
    'feed.end()\n    givingWay?.end()',
    'feed.end()',
  ),
  one(
    'secrets-recorded',
    'outputs with a password in them are recorded',
    CHANGES,
    'mayBeKept: (output) => !secrets.areIn(output)',
    'mayBeKept: () => !secrets.areIn(Buffer.alloc(0))',
  ),
  one(
    'secrets-kept',
    'outputs with a password in them are kept for the next broker',
    'broker/src/kept-outputs.ts',
    'if (secrets.areIn(command) || secrets.areIn(content)) return',
    'void secrets',
  ),
]

function one(name: string, mistake: string, file: string, find: string, replace: string): Mutant {
  return { name, mistake, edits: [{ file, find, replace }] }
}

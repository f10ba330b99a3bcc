import path from 'node:path'
import type { Testbed } from '@nac-broker/devices'
import { BrokerError } from '@nac-broker/protocol'

/** What a run executes: one command, in one or more workers. */
export interface WorkerSpec {
  name: string
  /** The program and its arguments; no shell is involved. */
  command: readonly string[]
  /** `count` names them `NAME-1`, `NAME-2` ...; `per-device` `NAME-DEVICE`, one for each of the testbed. */
  instances: { kind: 'one' } | { kind: 'count'; count: number } | { kind: 'per-device' }
  env?: Readonly<Record<string, string>>
  /** The whole worker; then it is stopped and has failed. Default: as long as it takes. */
  timeoutMs?: number
  /** Without output and without traffic with the broker for so long it is stopped and has failed. Default: it may be silent. */
  idleTimeoutMs?: number
  /** Where it was written, as `file:line`, for the error that is about it. */
  place?: string
}

/** One worker of a run. */
export interface PlannedWorker {
  name: string
  /** The name of what it is planned from. */
  group?: string
  command: readonly string[]
  /** What its environment has besides the orchestrator's own. */
  env: Readonly<Record<string, string>>
  timeoutMs: number | undefined
  idleTimeoutMs: number | undefined
  /** The device it is for, where there is one worker per device. */
  device: string | undefined
}

/** @throws {BrokerError} `CONFIG_INVALID` when two workers would have the same name, or there is none. */
export function planWorkers(
  specs: readonly WorkerSpec[],
  testbed: Testbed,
  runEnv: Readonly<Record<string, string>>,
): PlannedWorker[] {
  const names = new Set<string>()
  const workers = specs.flatMap((spec) =>
    instancesOf(spec, testbed).map(({ name, device }) => {
      if (names.has(name)) throw namedTwice(name, spec)
      names.add(name)
      return {
        name,
        group: spec.name,
        command: spec.command,
        env: {
          ...spec.env,
          ...(device !== undefined && deviceEnv(device, testbed)),
          ...runEnv,
          NAC_BROKER_WORKER: name,
          NAC_TEST_TESTBED: path.resolve(testbed.path),
        },
        timeoutMs: spec.timeoutMs,
        idleTimeoutMs: spec.idleTimeoutMs,
        device,
      }
    }),
  )
  if (workers.length === 0) {
    const what = `${testbed.path} has no devices, so there is no worker to run`
    throw new BrokerError('CONFIG_INVALID', what)
  }
  return workers
}

function namedTwice(name: string, { place }: WorkerSpec): BrokerError {
  const what = `two workers are named "${name}"; rename one of them`
  return new BrokerError('CONFIG_INVALID', place === undefined ? what : `${place}: ${what}`)
}

function instancesOf(
  { name, instances }: WorkerSpec,
  testbed: Testbed,
): { name: string; device?: string }[] {
  switch (instances.kind) {
    case 'one':
      return [{ name }]
    case 'count':
      return Array.from({ length: instances.count }, (_, index) => ({
        name: `${name}-${index + 1}`,
      }))
    case 'per-device':
      return testbed.deviceNames.map((device) => ({ name: `${name}-${device}`, device }))
  }
}

/** The variables by which nac-test's tests know their device. Credentials stay in the testbed. */
function deviceEnv(name: string, testbed: Testbed): Record<string, string> {
  return { HOSTNAME: name, DEVICE_INFO: JSON.stringify(deviceInfo(name, testbed)) }
}

function deviceInfo(name: string, testbed: Testbed): Record<string, unknown> {
  // A device that we cannot drive has its worker too: it fails, instead of being left out in silence.
  if (testbed.problems.some((problem) => (problem as BrokerError).device === name)) {
    return { hostname: name }
  }
  const { platform, connection } = testbed.device(name)
  const info = { hostname: name, os: platform.os[0] }
  if (connection.protocol !== 'ssh') return info
  return { ...info, host: connection.host, port: connection.port }
}

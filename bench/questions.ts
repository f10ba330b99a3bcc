import type { Question } from './question.ts'
import { brokerKilled } from './questions/broker-killed.ts'
import { brokerStalled } from './questions/broker-stalled.ts'
import { bulkOutput } from './questions/bulk-output.ts'
import { deathTold } from './questions/death-told.ts'
import { fallbackFairness } from './questions/fallback-fairness.ts'
import { fallbackLimit } from './questions/fallback-limit.ts'
import { falseAlarms } from './questions/false-alarms.ts'
import { firstLogins } from './questions/first-logins.ts'
import { frozenOrchestrator } from './questions/frozen-orchestrator.ts'
import { hangingDevice } from './questions/hanging-device.ts'
import { loudWorker } from './questions/loud-worker.ts'
import { manyClients } from './questions/many-clients.ts'
import { manyCommands } from './questions/many-commands.ts'
import { manyDevices } from './questions/many-devices.ts'
import { manyWatchers } from './questions/many-watchers.ts'
import { manyWorkers } from './questions/many-workers.ts'
import { pipelined } from './questions/pipelined.ts'
import { pooledRun } from './questions/pooled-run.ts'
import { queuedRequests } from './questions/queued-requests.ts'
import { pythonClient } from './questions/python-client.ts'
import { randomKills } from './questions/random-kills.ts'
import { reconnectStorm } from './questions/reconnect-storm.ts'
import { restart } from './questions/restart.ts'
import { roundTrips } from './questions/round-trips.ts'
import { shell } from './questions/shell.ts'
import { singleFlight } from './questions/single-flight.ts'
import { threadHost } from './questions/thread-host.ts'

/** In the order in which they are asked and documented. */
export const QUESTIONS: readonly Question[] = [
  roundTrips,
  pipelined,
  manyClients,
  singleFlight,
  bulkOutput,
  firstLogins,
  hangingDevice,
  queuedRequests,
  threadHost,
  manyDevices,
  pooledRun,
  shell,
  pythonClient,
  brokerKilled,
  brokerStalled,
  falseAlarms,
  deathTold,
  restart,
  reconnectStorm,
  randomKills,
  frozenOrchestrator,
  fallbackLimit,
  fallbackFairness,
  manyWorkers,
  loudWorker,
  manyCommands,
  manyWatchers,
]

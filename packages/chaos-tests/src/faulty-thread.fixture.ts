import { parentPort } from 'node:worker_threads'
// oxlint-disable-next-line import/no-unassigned-import -- it is a thread's first file
import '../../broker/src/hosts/thread-main.ts'
import { suffer } from './broker-fault.fixture.ts'

parentPort?.on('message', suffer)

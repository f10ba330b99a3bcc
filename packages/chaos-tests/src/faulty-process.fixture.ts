// oxlint-disable-next-line import/no-unassigned-import -- it is a process's first file
import '../../broker/src/hosts/process-main.ts'
import { suffer } from './broker-fault.fixture.ts'

process.on('message', suffer)

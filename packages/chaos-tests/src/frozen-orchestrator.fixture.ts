/** An orchestrator that does nothing but have a broker, in a thread of its own process. */
import { superviseBroker } from '@nac-broker/broker'

const [testbed = '', socketPath = ''] = process.argv.slice(2)
const broker = await superviseBroker({ testbed, socketPath, crashPolicy: ['fallback'] })
process.once('SIGTERM', () => void broker.close().then(() => process.exit()))
process.stdout.write(`${broker.socketPath}\n`)

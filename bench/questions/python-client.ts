import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Lab, startLab } from '../lab.ts'
import { startPythonClient } from '../python-clients.ts'
import { type Question, Skipped, type Table } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'

const exec = promisify(execFile)
const CLIENT = 'nac_test/pyats_core/broker/broker_client.py'

export const pythonClient: Question = {
  name: 'python-client',
  asks: "How many cached commands does nac-test's own Python client get from the broker?",
  beside: 'a server of the same dialect that answers everything with the same JSON',
  async measure({ quick }) {
    const { NAC_TEST_CHECKOUT: checkout } = process.env
    if (!checkout)
      throw new Skipped(
        'NAC_TEST_CHECKOUT names no checkout of nac-test (git clone https://github.com/netascode/nac-test; NAC_TEST_CHECKOUT=its folder)',
      )
    const clientFile = path.join(checkout, CLIENT)
    await access(clientFile).catch(() => {
      throw new Skipped(`NAC_TEST_CHECKOUT has no ${CLIENT}: it names no checkout of nac-test`)
    })
    await exec('python3', ['--version']).catch(() => {
      throw new Skipped('there is no python3 here (apt-get install python3)')
    })
    await using lab = await startLab()
    const broker = await lab.broker('broker.sock')
    const echo = await lab.server('json-echo.ts', lab.at('json.sock'))
    const tables = []
    for (const processes of [1, 8])
      tables.push(await askedBy(lab, { clientFile, processes, quick }, { broker, echo }))
    return tables.flat()
  },
}

async function askedBy(
  lab: Lab,
  { clientFile, processes, quick }: { clientFile: string; processes: number; quick: boolean },
  { broker, echo }: Record<'broker' | 'echo', { pid: number | undefined }>,
): Promise<Table[]> {
  await using stack = new AsyncDisposableStack()
  const calls = (quick ? 400 : 2_000) * processes
  const rated = async (what: string, socket: string, pid: number | undefined): Promise<Rated> => {
    const clients = await Promise.all(
      Array.from({ length: processes }, async () =>
        stack.use(await startPythonClient(clientFile, lab.at(socket))),
      ),
    )
    return {
      what,
      units: calls,
      async round() {
        const spans = await Promise.all(clients.map((client) => client.call(calls / processes)))
        const began = Math.min(...spans.map(({ beganAtMs }) => beganAtMs))
        return Math.max(...spans.map(({ endedAtMs }) => endedAtMs)) - began
      },
      takers: { clients: clients.map((client) => client.pid), server: [pid] },
    }
  }
  return await compareRates(
    await rated('bare JSON echo', 'json.sock', echo.pid),
    await rated('cached command through the broker', 'broker.sock', broker.pid),
    {
      title: `${processes} of nac-test's clients, each with one call at a time`,
      unit: 'calls',
      rounds: quick ? 3 : 30,
      bar: 'at least 0.85',
    },
  )
}

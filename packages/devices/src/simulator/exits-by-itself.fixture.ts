/** A process that has nothing left to do once its simulator is closed. */
import { startSimulator } from './simulator.ts'
import { atPrompt, TestClient } from './shell.fixture.ts'

const simulator = await startSimulator({ devices: 2, latencyMs: 60_000 })
for (const device of simulator.devices) {
  const client = await TestClient.logIn(device)
  const shell = await atPrompt(client, `${device.name}#`)
  shell.send('show clock\r')
  await shell.readUntil('clock\r\n')
}
await simulator.close()
process.exitCode = 7

import { describe, expect, it } from 'vitest'
import { VirtualClock } from '@nac-broker/supervisor'
import type { DeviceLogEntry } from './device-log.ts'
import { atPrompt, TestClient } from './shell.fixture.ts'
import { startSimulator, type SimulatorOptions } from './simulator.ts'

async function start(options: SimulatorOptions = {}) {
  const log: DeviceLogEntry[] = []
  const listeners = new Set<() => void>()
  const simulator = await startSimulator({
    devices: 1,
    latencyMs: 0,
    deviceLog: (entry) => {
      log.push(entry)
      for (const listener of listeners) listener()
    },
    ...options,
  })
  const device = simulator.devices[0]
  if (!device) throw new Error('no device')
  const client = await TestClient.logIn(device)
  return {
    device,
    client,
    log,
    lines: () => log.flatMap((entry) => (entry.event === 'command' ? [entry.line] : [])),
    /** Resolves when the log has an entry of that kind. */
    logged: async (event: DeviceLogEntry['event']) => {
      for (;;) {
        if (log.some((entry) => entry.event === event)) return
        await new Promise<void>((resolve) => listeners.add(resolve))
      }
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await simulator.close()
    },
  }
}

describe('typing', () => {
  it('shows the prompt, echoes the line, answers and shows the prompt again', async () => {
    await using lab = await start()
    const shell = await lab.client.openShell()
    expect(await shell.readUntil('#')).toBe('\r\nsim-1#')
    shell.send('show nonce abc\r')
    expect(await shell.readUntil('sim-1#')).toBe('show nonce abc\r\nabc 1\r\nsim-1#')
  })

  it('understands a line that arrives byte by byte, echoing each', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    for (const key of 'show nonce a') {
      shell.send(key)
      expect(await shell.readUntil(key)).toBe(key)
    }
    shell.send('\r')
    expect(await shell.readUntil('#')).toBe('\r\na 1\r\nsim-1#')
  })

  it('takes CR, LF and CR LF as one line break each', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    shell.send('show nonce a\rshow nonce b\nshow nonce c\r\nshow nonce d\r')
    expect(await shell.readUntil('d 4\r\nsim-1#')).toBe(
      'show nonce a\r\na 1\r\nsim-1#show nonce b\r\nb 2\r\nsim-1#' +
        'show nonce c\r\nc 3\r\nsim-1#show nonce d\r\nd 4\r\nsim-1#',
    )
  })

  it('rubs out with backspace, and stops at the prompt', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    shell.send('\bshow nonce ax\x7fb\r')
    expect(await shell.readUntil('#')).toBe('show nonce ax\b \bb\r\nab 1\r\nsim-1#')
  })

  it('returns what is not ASCII as it came, and logs what it says', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    shell.send('show nonce é\r')
    await shell.readUntil(Buffer.from('é 1\r\n').toString('latin1'))
    expect(lab.lines()).toEqual(['show nonce é'])
  })

  it('answers an empty line with a prompt and does not call it a command', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    shell.send('\r')
    expect(await shell.readUntil('#')).toBe('\r\nsim-1#')
    expect(lab.lines()).toEqual([])
  })

  it('starts what was typed ahead only when the command before has been answered', async () => {
    const clock = new VirtualClock()
    await using lab = await start({ clock, latencyMs: 100 })
    const shell = await atPrompt(lab.client)
    shell.send('show nonce a\rshow nonce b\r')
    expect(await shell.readUntil('\r\n')).toBe('show nonce a\r\n')
    expect(lab.lines()).toEqual(['show nonce a'])
    await clock.advance(100)
    expect(await shell.readUntil('b\r\n')).toBe('a 1\r\nsim-1#show nonce b\r\n')
    await clock.advance(100)
    expect(await shell.readUntil('#')).toBe('b 2\r\nsim-1#')
    expect(lab.log.map((entry) => entry.event)).toEqual([
      'login',
      'command',
      'output',
      'command',
      'output',
    ])
  })

  it('starts no timer when the latency is zero', async () => {
    const clock = new VirtualClock()
    await using lab = await start({ clock })
    const shell = await atPrompt(lab.client)
    expect(await shell.run('show nonce a')).toBe('a 1')
  })
})

describe('modes', () => {
  it('lands at > and asks for the password on enable when there is one', async () => {
    await using lab = await start({ enablePassword: 'more' })
    const shell = await atPrompt(lab.client, 'sim-1>')
    shell.send('enable\r')
    expect(await shell.readUntil('Password: ')).toBe('enable\r\nPassword: ')
    shell.send('more\r')
    expect(await shell.readUntil('sim-1#')).toBe('\r\nsim-1#')
    expect(JSON.stringify(lab.log)).not.toContain('more')
  })

  it('gives three tries for the password and stays at >', async () => {
    await using lab = await start({ enablePassword: 'more' })
    const shell = await atPrompt(lab.client, 'sim-1>')
    shell.send('enable\ra\rb\rc\r')
    expect(await shell.readUntil('sim-1>')).toBe(
      'enable\r\nPassword: \r\nPassword: \r\nPassword: \r\n% Bad secrets\r\n\r\nsim-1>',
    )
    expect(await shell.run('configure terminal', 'sim-1>')).toContain('% Invalid input')
    expect(await shell.run('show clock', 'sim-1>')).toContain('UTC')
  })

  it('enters and leaves configuration mode and its submodes', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    expect(await shell.run('configure terminal', 'sim-1(config)#')).toMatch(/^Enter configuration/)
    expect(await shell.run('interface Loopback7', 'sim-1(config-if)#')).toBe('')
    expect(await shell.run('description lab', 'sim-1(config-if)#')).toBe('')
    expect(await shell.run('do show nonce x', 'sim-1(config-if)#')).toBe('x 1')
    expect(await shell.run('exit', 'sim-1(config)#')).toBe('')
    expect(await shell.run('no such thing', 'sim-1(config)#')).toBe('')
    expect(await shell.run('frobnicate', 'sim-1(config)#')).toContain('% Invalid input')
    expect(await shell.run('end', 'sim-1#')).toBe('')
    await shell.run('terminal length 0')
    expect(await shell.run('show running-config')).toContain(
      'interface Loopback7\r\n description lab\r\n',
    )
  })

  it('follows a changed host name in its prompt', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    await shell.run('configure terminal', 'sim-1(config)#')
    expect(await shell.run('hostname r9', 'r9(config)#')).toBe('')
    expect(await shell.run('end', 'r9#')).toBe('')
  })

  it('puts the caret below what it did not understand', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    expect(await shell.run('frobnicate now')).toBe(
      "      ^\r\n% Invalid input detected at '^' marker.\r\n",
    )
  })

  it.each(['exit', 'logout'])('ends the session and the connection on %s', async (command) => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    shell.send(`${command}\r`)
    expect(await shell.readToEnd()).toBe(`${command}\r\n`)
    await lab.client.closed
    expect(lab.log.at(-1)).toMatchObject({ event: 'logout', reason: 'exit' })
    expect(lab.device.openSessions).toBe(0)
  })
})

describe('paging', () => {
  const MORE = ' --More-- '
  const ERASED = '\b'.repeat(9) + ' '.repeat(8) + '\b'.repeat(9)

  it('stops after 24 lines until a key is pressed', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    shell.send('show interfaces\r')
    await shell.readUntil('\r\n')
    const page = await shell.readUntil(MORE)
    expect(page.split('\r\n')).toHaveLength(25)
    shell.send(' ')
    expect(await shell.readUntil('sim-1#')).toContain('Loopback0')
    expect(lab.log.at(-1)).toMatchObject({ event: 'output', line: 'show interfaces' })
  })

  it('shows one line more on Enter and no more on q', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    await shell.run('terminal length 2')
    shell.send('show bulk 400\r')
    await shell.readUntil(MORE)
    shell.send('\r')
    const line = await shell.readUntil(MORE)
    expect(line.slice(ERASED.length)).toMatch(/^0000000003 \.+\r\n --More-- $/)
    shell.send('q')
    expect(await shell.readUntil('#')).toBe(`${ERASED}sim-1#`)
  })

  it('does not stop when turned off, nor for an answer of 24 lines', async () => {
    await using lab = await start()
    const shell = await atPrompt(lab.client)
    expect(await shell.run(`show bulk ${24 * 80}`)).toHaveLength(24 * 80)
    expect(await shell.run('terminal length 0')).toBe('')
    expect(await shell.run('terminal width 511')).toBe('')
    expect(await shell.run(`show bulk ${25 * 80}`)).toHaveLength(25 * 80)
  })
})

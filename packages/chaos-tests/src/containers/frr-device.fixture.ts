import { connect } from 'node:net'
import { type ContainerRuntimeClient, GenericContainer, Wait } from 'testcontainers'
import { executions, logLines } from './router-log.fixture.ts'

/** A router in a container. */
export interface FrrDevice {
  readonly name: string
  /** Published on 127.0.0.1, the same over restarts. */
  readonly port: number
  /** As known_hosts holds it. */
  readonly hostKey: string
  /** All it has said so far: logins by sshd, commands by zebra. Not of one that is paused or dead. */
  log(): Promise<string[]>
  /** Resolves when this program runs on it. */
  runs(program: string): Promise<void>
  /** Resolves when its log has a line like this. */
  logs(line: RegExp): Promise<void>
  /** All its processes at once, without a farewell. */
  kill(): Promise<void>
  pause(): Promise<void>
  unpause(): Promise<void>
  /** Resolves when it accepts logins again; also one that was killed. */
  restart(): Promise<void>
  /** Nothing comes through any more, in neither direction, nor is anything refused. */
  unplug(): Promise<void>
  /** Resolves when it accepts logins again. */
  plugIn(): Promise<void>
  remove(): Promise<void>
}

export interface FrrDeviceOptions {
  client: ContainerRuntimeClient
  image: string
  name: string
  port: number
}

export async function startFrrDevice(options: FrrDeviceOptions): Promise<FrrDevice> {
  const { client, image, name, port } = options
  const started = await new FrrContainer(image, port).withHostname(name).start()
  const container = client.container.getById(started.getId())
  const shell = async (...command: string[]): Promise<string | undefined> => {
    const { exitCode, stdout } = await started.exec(command)
    return exitCode === 0 ? stdout : undefined
  }
  const [type, key] = (await shell('cat', '/etc/ssh/ssh_host_ed25519_key.pub'))?.split(' ') ?? []
  const logSoFar = async (): Promise<string[]> =>
    logLines(await container.logs({ stdout: true, stderr: true }))
  let marks = 0
  // The engine hears of a line some time after the device wrote it, and of each stream by itself. Of a mark
  // that sshd's stream has, and a command that zebra logs after all earlier ones, it hears last.
  const log = async (): Promise<string[]> => {
    const mark = `show nexthop-group rib ${++marks}`
    await shell('sh', '-c', `vtysh -c "${mark}" >/dev/null; echo "${mark} done" >/proc/1/fd/2`)
    for (;;) {
      const lines = await logSoFar()
      if (executions(lines, mark) === 1 && lines.includes(`${mark} done`)) return lines
    }
  }
  return {
    name,
    port,
    hostKey: `${type} ${key}`,
    log,
    async runs(program) {
      while ((await shell('pgrep', '-x', program)) === undefined) continue
    },
    async logs(line) {
      while (!(await logSoFar()).some((logged) => line.test(logged))) continue
    },
    kill: async () => void (await container.kill()),
    pause: async () => void (await container.pause()),
    unpause: async () => void (await container.unpause()),
    restart: () => started.restart(),
    unplug: async () => void (await shell('ip', 'link', 'set', 'eth0', 'down')),
    async plugIn() {
      await shell('ip', 'link', 'set', 'eth0', 'up')
      // What the engine forwards to it is refused for a moment yet.
      while (!(await greets(port))) continue
    },
    remove: async () => void (await container.remove({ force: true, v: true })),
  }
}

/** FRR wants these capabilities, and no more. */
class FrrContainer extends GenericContainer {
  readonly #port: number

  constructor(image: string, port: number) {
    super(image)
    this.#port = port
    this.withAddedCapabilities('NET_ADMIN', 'NET_RAW', 'SYS_ADMIN')
      .withExposedPorts({ container: 22, host: port })
      .withWaitStrategy(Wait.forLogMessage(/Server listening on 0\.0\.0\.0/))
  }

  /** Nobody beyond this machine is to log in; testcontainers itself publishes to everybody. */
  protected override async beforeContainerCreated(): Promise<void> {
    const here = { HostIp: '127.0.0.1', HostPort: String(this.#port) }
    this.hostConfig.PortBindings = { '22/tcp': [here] }
  }
}

/** Whether an SSH server says who it is before it closes the connection. */
async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    for await (const said of socket) return String(said).startsWith('SSH-2.0')
  } catch {
    // Reset, or refused.
  } finally {
    socket.destroy()
  }
  return false
}

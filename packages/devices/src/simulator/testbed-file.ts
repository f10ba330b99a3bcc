import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { stringify } from 'yaml'
import { unwritable } from './unwritable.ts'

export interface TestbedContents {
  host: string
  os: string
  username: string
  password: string
  enablePassword: string | undefined
  devices: readonly { name: string; port: number; hostKey: string }[]
}

/**
 * Writes a pyATS testbed for the devices, and beside it the known_hosts file that it names. The
 * passwords stand in it, so that it works at once.
 * @throws {BrokerError} `CONFIG_INVALID`
 */
export async function writeTestbedFile(file: string, contents: TestbedContents): Promise<void> {
  const testbed = path.resolve(file)
  const { dir, name } = path.parse(testbed)
  const knownHosts = path.join(dir, `${name}.known_hosts`)
  try {
    await writeFile(knownHosts, knownHostsText(contents))
    await writeFile(testbed, testbedText(contents, knownHosts))
  } catch (error) {
    throw unwritable('testbed', testbed, error)
  }
}

function knownHostsText({ host, devices }: TestbedContents): string {
  return devices.map(({ port, hostKey }) => `[${host}]:${port} ${hostKey}\n`).join('')
}

/** A path with a space needs quotes twice: for the shell, and for ssh, which would see two files. */
function knownHostsOption(file: string): string {
  return file.includes(' ') ? `'UserKnownHostsFile="${file}"'` : `UserKnownHostsFile=${file}`
}

function testbedText(contents: TestbedContents, knownHosts: string): string {
  const { username, password, enablePassword } = contents
  const testbed = {
    testbed: {
      name: 'nac_broker_simulator',
      credentials: {
        default: { username, password },
        ...(enablePassword !== undefined && { enable: { password: enablePassword } }),
      },
    },
    devices: Object.fromEntries(
      contents.devices.map(({ name, port }) => [
        name,
        {
          alias: name,
          os: contents.os,
          type: 'router',
          connections: {
            cli: {
              protocol: 'ssh',
              ip: contents.host,
              port,
              ssh_options: `-o StrictHostKeyChecking=yes -o ${knownHostsOption(knownHosts)}`,
              arguments: { init_config_commands: [], operating_mode: true },
              settings: { GRACEFUL_DISCONNECT_WAIT_SEC: 0, POST_DISCONNECT_WAIT_SEC: 0 },
            },
          },
        },
      ]),
    ),
  }
  return stringify(testbed, { lineWidth: 0 })
}

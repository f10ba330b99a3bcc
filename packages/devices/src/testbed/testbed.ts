import type { Platform } from '../platforms/platform.ts'

/** strict: known_hosts must hold the key. accept-new: an unknown key is added, a changed one refused. */
export type HostKeyPolicy = 'strict' | 'accept-new' | 'insecure'

export interface SshConnection {
  protocol: 'ssh'
  host: string
  port: number
  /** From `ssh_options`; absent: the broker's own setting holds. */
  hostKeys?: HostKeyPolicy
  /** From `ssh_options` (`UserKnownHostsFile`); absent: `~/.ssh/known_hosts`. */
  knownHostsFile?: string
  /** From `ssh_options` (`-i`, `IdentityFile`), tried before the password. */
  identityFiles: readonly string[]
}

/** A child process whose stdin and stdout are the CLI. It gets no terminal. */
export interface CommandConnection {
  protocol: 'command'
  /** Run by `/bin/sh -c`. */
  command: string
}

/** Credentials as read: markup such as `%ENV{PASSWORD}` is resolved only by who logs in. */
export interface Credential {
  username?: string
  password?: string
  /** `file:line`, for the error that names what is missing. */
  at: string
}

export interface Device {
  name: string
  platform: Platform
  connection: SshConnection | CommandConnection
  /** By name: `default`, `enable` and any others, inheritance already applied. */
  credentials: Readonly<Record<string, Credential>>
  /** `arguments.init_config_commands`, sent in configuration mode after login. */
  initConfigCommands: readonly string[]
}

export interface Testbed {
  name: string
  /** The file it was read from. */
  path: string
  /** Names of every device, in the file's order, usable or not. */
  deviceNames: readonly string[]
  /**
   * @throws {BrokerError} `UNKNOWN_DEVICE` for a name that the testbed does not have;
   * `TESTBED_INVALID`, with file and line, for a device that we cannot drive (its `os` or protocol).
   */
  device(name: string): Device
  /** What is wrong with the devices that cannot be driven, one error each. */
  problems: readonly Error[]
}

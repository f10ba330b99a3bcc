import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import ssh2, { type AnyAuthMethod, type AuthenticationType, type Prompt } from 'ssh2'

export interface SshIdentity {
  username: string
  password: string | undefined
  identityFiles: readonly string[]
  /** The socket of an ssh-agent. */
  agent: string | undefined
}

interface Attempt {
  /** For people; never a secret. */
  label: string
  method: AnyAuthMethod
}

/** Proves who we are: identity files, agent, password, keyboard-interactive, in this order. */
export class SshAuthentication {
  readonly #attempts: Attempt[]
  readonly #unusable: readonly string[]
  readonly #tried: string[] = []
  #exhausted = false

  private constructor(attempts: Attempt[], unusable: readonly string[]) {
    this.#attempts = attempts
    this.#unusable = unusable
  }

  static prepare(identity: SshIdentity): SshAuthentication {
    const { username, password, agent } = identity
    const files = identity.identityFiles.map((file) => identityFile(file, username))
    return new SshAuthentication(
      [
        // Asks only which methods there are, as OpenSSH does.
        { label: '', method: { type: 'none', username } },
        ...files.flatMap((file) => (typeof file === 'string' ? [] : [file])),
        ...(agent ? [{ label: 'agent', method: { type: 'agent', username, agent } as const }] : []),
        ...(password === undefined ? [] : passwordAttempts(username, password)),
      ],
      files.filter((file) => typeof file === 'string'),
    )
  }

  /** True once every method has been refused. */
  get exhausted(): boolean {
    return this.#exhausted
  }

  /** True once the server was shown something that it could refuse. */
  get begun(): boolean {
    return this.#tried.length > 0
  }

  /** What was tried and what could not be, for people. */
  get story(): string {
    const tried = this.#tried.length === 0 ? 'nothing to try' : `tried ${this.#tried.join(', ')}`
    return [tried, ...this.#unusable].join('; ')
  }

  /** The next method that the server may take; `allowed` is null before it has said which. */
  next(allowed: readonly AuthenticationType[] | null): AnyAuthMethod | false {
    for (let next = this.#attempts.shift(); next; next = this.#attempts.shift()) {
      const { label, method } = next
      const needed = method.type === 'agent' ? 'publickey' : method.type
      if (allowed && !allowed.includes(needed)) continue
      if (label !== '') this.#tried.push(label)
      return method
    }
    this.#exhausted = true
    return false
  }
}

function passwordAttempts(username: string, password: string): Attempt[] {
  return [
    { label: 'password', method: { type: 'password', username, password } },
    {
      label: 'keyboard-interactive',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map((prompt) => replyTo(prompt, username, password))),
      },
    },
  ]
}

/** What is typed invisibly is the password. */
function replyTo({ prompt, echo }: Prompt, username: string, password: string): string {
  if (echo !== true || /passw/i.test(prompt)) return password
  return /user|login/i.test(prompt) ? username : ''
}

/** An attempt, or why the file cannot be used. Read at once, for the same reason as known hosts. */
function identityFile(file: string, username: string): Attempt | string {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    return `identity file ${file} cannot be read (${code})`
  }
  const key = ssh2.utils.parseKey(content)
  if (key instanceof Error) return `identity file ${file} cannot be used (${key.message})`
  const method = { type: 'publickey', username, key: content } as const
  return { label: `publickey ${basename(file)}`, method }
}

import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateHostKey } from '../simulator/host-key.ts'
import { keysOf, keyType } from './known-hosts.ts'

const [one, two] = [generateHostKey().public, generateHostKey().public].map((key) =>
  key.split(' ', 2).join(' '),
)

const wire = (line: string | undefined): Buffer => Buffer.from(line?.split(' ')[1] ?? '', 'base64')

function trusted(text: string, host: string, port = 22): Buffer[] {
  return [...keysOf(text, host, port).trusted]
}

function hashed(name: string): string {
  const salt = randomBytes(20)
  const hash = createHmac('sha1', salt).update(name).digest('base64')
  return `|1|${salt.toString('base64')}|${hash}`
}

describe('a known_hosts file', () => {
  test('gives every key that stands for the host', () => {
    const text = `# routers\n\nr1 ${one} comment here\nr2 ${two}\nr1,10.0.0.1 ${two}\n`
    expect(trusted(text, 'r1')).toEqual([wire(one), wire(two)])
    expect(trusted(text, '10.0.0.1')).toEqual([wire(two)])
    expect(trusted(text, 'r3')).toEqual([])
  })

  test('names a host on another port in brackets, and only so', () => {
    const text = `r1 ${one}\n[r1]:2222 ${two}\n`
    expect(trusted(text, 'r1', 2222)).toEqual([wire(two)])
    expect(trusted(text, 'r1', 22)).toEqual([wire(one)])
    expect(trusted(text, 'r1', 2223)).toEqual([])
  })

  test('does not tell capitals in a host name', () => {
    expect(trusted(`R1.Lab ${one}`, 'r1.lAB')).toEqual([wire(one)])
  })

  test('takes * and ? as patterns, and everything else literally', () => {
    expect(trusted(`*.lab ${one}`, 'r1.lab')).toEqual([wire(one)])
    expect(trusted(`r?.lab ${one}`, 'r1.lab')).toEqual([wire(one)])
    expect(trusted(`r?.lab ${one}`, 'r11.lab')).toEqual([])
    expect(trusted(`r1.lab ${one}`, 'r1xlab')).toEqual([])
    expect(trusted(`[*]:2222 ${one}`, 'r1', 2222)).toEqual([wire(one)])
  })

  test('excludes a host with !, wherever in the list that stands', () => {
    expect(trusted(`*.lab,!r1.lab ${one}`, 'r1.lab')).toEqual([])
    expect(trusted(`!r1.lab,*.lab ${one}`, 'r1.lab')).toEqual([])
    expect(trusted(`*.lab,!r1.lab ${one}`, 'r2.lab')).toEqual([wire(one)])
    expect(trusted(`!r1.lab ${one}`, 'r2.lab')).toEqual([])
  })

  test('may hash its host names', () => {
    const text = `${hashed('r1')} ${one}\n${hashed('[r1]:2222')} ${two}\n`
    expect(trusted(text, 'r1')).toEqual([wire(one)])
    expect(trusted(text, 'r1', 2222)).toEqual([wire(two)])
    expect(trusted(text, 'r2')).toEqual([])
  })

  test('keeps revoked keys apart', () => {
    const known = keysOf(`@revoked * ${one}\nr1 ${two}`, 'r1', 22)
    expect(known).toEqual({ trusted: [wire(two)], revoked: [wire(one)] })
  })

  test('may hold lines that are of no use', () => {
    const text = [
      'r1',
      'r1 ssh-ed25519',
      'r1 ssh-ed25519 bm90IGEga2V5',
      `r1 ssh-rsa ${one?.split(' ')[1]}`,
      'r1 1024 35 1234567890',
      `@cert-authority r1 ${one}`,
      `#r1 ${one}`,
      `  r1 ${two}\r`,
    ].join('\n')
    expect(trusted(text, 'r1')).toEqual([wire(two)])
  })
})

test('a key names its own type', () => {
  expect(keyType(wire(one))).toBe('ssh-ed25519')
  expect(keyType(Buffer.alloc(0))).toBeUndefined()
  expect(keyType(Buffer.alloc(4))).toBeUndefined()
  expect(keyType(Buffer.of(0xff, 0xff, 0xff, 0xff, 1))).toBeUndefined()
})

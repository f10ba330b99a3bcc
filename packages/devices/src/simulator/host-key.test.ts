import ssh2 from 'ssh2'
import { expect, it } from 'vitest'
import { generateHostKey } from './host-key.ts'

it('makes keys that can be used, every one of them', () => {
  for (let i = 0; i < 2000; i++) {
    const key = generateHostKey()
    expect(ssh2.utils.parseKey(key.private)).not.toBeInstanceOf(Error)
    expect(key.public).toMatch(/^ssh-ed25519 AAAA\S+$/)
  }
})

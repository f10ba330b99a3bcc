import ssh2 from 'ssh2'

export interface HostKey {
  /** In OpenSSH's format. */
  private: string
  /** `ssh-ed25519 AAAA...`, as known_hosts holds it. */
  public: string
}

export function generateHostKey(): HostKey {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519')
    // ssh2 1.17 drops a zero byte at the start of the public key, which spoils one key in 256.
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) return key
  }
}

/**
 * File systems whose files several kernels share. WAL keeps its index in shared memory, which only
 * processes of one kernel see alike (https://www.sqlite.org/wal.html). Magic numbers: statfs(2).
 */
const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xfe534d42: 'SMB2',
  0xff534d42: 'CIFS',
  0x01021997: '9P',
  0x5346414f: 'AFS',
  0x00c36400: 'Ceph',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x73757245: 'Coda',
  0x7461636f: 'OCFS2',
}

/** Its name, if statfs' `type` is that of a network file system. */
export function networkFileSystem(type: number): string | undefined {
  // 32-bit platforms show the large ones as negative numbers.
  return NETWORK_FILE_SYSTEMS[type >>> 0]
}

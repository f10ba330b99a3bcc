import { expect, it } from 'vitest'
import { networkFileSystem } from './network-file-system.ts'

it('knows network file systems by their magic numbers, in either sign', () => {
  expect(networkFileSystem(0x6969)).toBe('NFS')
  expect(networkFileSystem(0xff534d42)).toBe('CIFS')
  expect(networkFileSystem(0xff534d42 | 0)).toBe('CIFS')
  expect(networkFileSystem(0x01021997)).toBe('9P')
})

it('takes every other file system for local', () => {
  const ext4 = 0xef53
  const tmpfs = 0x01021994
  const overlay = 0x794c7630
  for (const type of [ext4, tmpfs, overlay, 0]) expect(networkFileSystem(type)).toBeUndefined()
})

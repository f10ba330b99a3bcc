import { fault } from './fault.ts'

/** Bytes from a device come twice. Not those of a broker: a Unix socket never does that. */
export default fault<null>({
  name: 'device-wire-duplicates',
  draw: () => null,
  inject: async ({ deviceWire }) => deviceWire.suffer({ kind: 'duplicate' }),
})

import { fault } from './fault.ts'

/** Every connection between whoever is logged in and the devices is cut. */
export default fault<null>({
  name: 'device-wire-reset',
  draw: () => null,
  inject: async ({ deviceWire }) => deviceWire.reset(),
})

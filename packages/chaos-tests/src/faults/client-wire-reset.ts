import { fault } from './fault.ts'

/** Every connection between clients and broker is cut. */
export default fault<null>({
  name: 'client-wire-reset',
  draw: () => null,
  inject: async ({ clientWire }) => clientWire.reset(),
})

import { fault } from './fault.ts'

/** Somebody cleans up: who comes now finds no broker, until there is a next one. */
export default fault<null>({
  name: 'socket-deleted',
  draw: () => null,
  inject: ({ socketFile }) => socketFile.remove(),
})

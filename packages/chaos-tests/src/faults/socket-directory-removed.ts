import { fault } from './fault.ts'

/**
 * Somebody cleans up thoroughly: the socket's directory is removed, and the run's store, which lies beside it.
 * Those who are connected go on; no other broker can follow this one, and whoever comes now finds none.
 */
export default fault<null>({
  name: 'socket-directory-removed',
  draw: () => null,
  inject: ({ socketFile }) => socketFile.removeDirectory(),
})

import { fault } from './fault.ts'

/** Something else lies where the socket was: a file, or a link to nowhere. */
export default fault<{ by: 'file' | 'link' }>({
  name: 'socket-replaced',
  draw: (random) => ({ by: random.random() < 0.5 ? 'file' : 'link' }),
  inject: ({ socketFile }, { by }) => socketFile.replace(by),
})

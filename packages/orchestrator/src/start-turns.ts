/**
 * Lets one go on in each turn of the event loop. Starting a process holds this one up until the system
 * has done so, for milliseconds; two hundred in one turn, and nothing else was done for as many times
 * that: no signal seen, no broker watched.
 */
export function startTurns(): () => Promise<void> {
  let last = Promise.resolve()
  return () => (last = last.then(() => new Promise((resolve) => void setImmediate(resolve))))
}

/** Tells the first of what may happen many times. */
export function oncePerProcess(tell: (what: string) => void): (what: string) => void {
  let told = false
  return (what) => {
    if (!told) tell(what)
    told = true
  }
}

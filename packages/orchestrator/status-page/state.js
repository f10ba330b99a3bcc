/** What the page knows: the last status, put together from what was new in each. */
export class State {
  status
  #devices = new Map()
  #workers = new Map()

  take(frame) {
    if (frame.whole) {
      this.#devices.clear()
      this.#workers.clear()
    }
    for (const device of frame.devices) this.#devices.set(device.name, device)
    for (const worker of frame.workers) this.#workers.set(worker.name, worker)
    this.status = frame
  }

  get devices() {
    return [...this.#devices.values()]
  }

  get workers() {
    return [...this.#workers.values()]
  }
}

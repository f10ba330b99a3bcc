/** What we use of cli-progress, which brings no types. */
declare module 'cli-progress' {
  export class SingleBar {
    constructor(options: {
      format: string
      stream?: NodeJS.WritableStream
      hideCursor?: boolean
      clearOnComplete?: boolean
    })
    start(total: number, startValue: number): void
    update(current: number): void
    stop(): void
  }
}

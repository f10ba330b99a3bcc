import type { FrameError } from '@nac-broker/protocol'

/** One end of a dialect: gets the payloads of a connection and answers on its socket. */
export interface DialectPeer {
  receive(payload: Buffer): void
  /** A frame that cannot be: nothing after it can be read. */
  violated(error: FrameError): void
  /** The client has closed its side, between two frames. */
  clientEnded(): void
  /** The socket is gone. */
  closed(): void
  /** Answers what is under way, takes nothing new, then ends the socket. */
  shutDown(): void
}

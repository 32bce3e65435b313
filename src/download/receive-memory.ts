// Memory that sockets receive into: large blocks, used again once what came in them has been written. Node's own reads
// take 64 KB of new memory each; per GB received, that is the larger part of the processor time that is not the kernel's.
// Knows sockets, and nothing of what comes through them.
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

// A quarter of a core's second-level cache: with blocks of 1 MB, writing takes the bytes from the third level.
const BLOCK_BYTES = 256 << 10;
/** Less room than this is not worth a read. */
const LEAST_READ_BYTES = 64 << 10;

interface Block {
  bytes: Buffer;
  receivedBytes: number;
  givenBackBytes: number;
  /** A socket may still receive into it. */
  isOpen: boolean;
}

export class ReceiveMemory {
  readonly #free: Block[] = [];
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>();

  /** For undici: opens connections, over TLS too, that receive into this memory. */
  connector(options: buildConnector.BuildOptions): buildConnector.connector {
    return (target, callback) => {
      let socket: Socket | null = null;
      let block = this.#take();
      const reading = {
        // Reading stops while a piece waits: two that wait would be joined by copying them.
        highWaterMark: 1,
        onread: {
          buffer: () => {
            if (BLOCK_BYTES - block.receivedBytes < LEAST_READ_BYTES) {
              this.#leave(block);
              block = this.#take();
            }
            return block.bytes.subarray(block.receivedBytes);
          },
          callback: (count: number, bytes: Uint8Array) => {
            block.receivedBytes += count;
            return socket?.push(bytes.subarray(0, count)) ?? false;
          },
        },
      };
      const connect = buildConnector({ ...options, ...reading });
      connect(target, (...[error, connected]: Parameters<buildConnector.Callback>) => {
        if (error !== null) {
          callback(error, null);
          return;
        }
        socket = connected;
        callback(null, connected);
      });
    };
  }

  /**
   * Once for every piece of an answer's body that nobody reads any more. A block is used again when all of it is back:
   * those that also held the head of an answer are left to the collector, and so is what is never given back.
   */
  giveBack(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      const block = this.#blocks.get(piece.buffer);
      if (block === undefined) continue;
      block.givenBackBytes += piece.length;
      if (!block.isOpen) this.#reuse(block);
    }
  }

  #take(): Block {
    const free = this.#free.pop();
    if (free !== undefined) return Object.assign(free, { receivedBytes: 0, givenBackBytes: 0, isOpen: true });
    const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const block = { bytes, receivedBytes: 0, givenBackBytes: 0, isOpen: true };
    this.#blocks.set(bytes.buffer, block);
    return block;
  }

  #leave(block: Block): void {
    block.isOpen = false;
    this.#reuse(block);
  }

  #reuse(block: Block): void {
    if (block.givenBackBytes === block.receivedBytes) this.#free.push(block);
  }
}

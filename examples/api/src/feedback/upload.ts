import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import { PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';

const MAX_BYTES = 256 * 1024 * 1024; // as they come over the network
const LINGER_MS = 2000; // for a client that still sends when it has its answer

/**
 * Hands on the body of a request while it arrives, no faster than it is read, and aborts the signal when the client ends the
 * connection before the body is complete.
 */
export async function withUpload<T>(
  body: IncomingMessage,
  load: (lines: Readable, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!body.headers['content-type']?.startsWith('application/x-ndjson')) {
    throw new UnsupportedMediaTypeException('Send application/x-ndjson: one JSON object a line');
  }
  const aborted = new AbortController();
  body.once('close', () => body.complete || aborted.abort());
  let bytes = 0;

  async function* limited(): AsyncGenerator<Buffer> {
    // The request is not destroyed at an early end: its connection carries the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) {
        throw new PayloadTooLargeException();
      }
      yield chunk;
    }
  }

  try {
    return await load(Readable.from(limited(), { objectMode: false }), aborted.signal);
  } catch (error) {
    throw bytes > MAX_BYTES ? new PayloadTooLargeException() : error;
  } finally {
    // A client reads its answer only after it has sent everything; one that never ends is disconnected.
    body.resume();
    setTimeout(() => body.destroy(), LINGER_MS).unref();
  }
}

import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { json, text } from 'node:stream/consumers';

import type { ImportResult } from '../src/feedback/feedback.dto.js';
import type { ProgressEvent } from '../src/loads/loads.service.js';

export const NDJSON = 'application/x-ndjson';

/** Lines of feedback: of every `badEvery`, the last has a rating that is not one. */
export function* linesOfFeedback(count: number, badEvery = Infinity): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    const rating = (index + 1) % badEvery === 0 ? 'many' : (index % 5) + 1;
    const sentAt = new Date(Date.UTC(2026, 0, 1, 0, 0, index));
    yield `${JSON.stringify({ id: `line-${index}`, product: 'planner', rating, sentAt })}\n`;
  }
}

/** An upload whose body is sent piece by piece. */
export class Upload {
  readonly request: ClientRequest;
  private readonly response: Promise<[IncomingMessage]>;

  constructor(url: string, loadKey?: string) {
    const headers = { 'content-type': NDJSON, ...(loadKey !== undefined && { 'idempotency-key': loadKey }) };
    this.request = request(`${url}/feedback/import`, { method: 'POST', headers });
    this.response = once(this.request, 'response') as Promise<[IncomingMessage]>;
    // Of an upload that the test ends early, nobody reads the answer.
    this.response.catch(() => {});
  }

  send(lines: Iterable<string>): void {
    this.request.write([...lines].join(''));
  }

  async end(): Promise<{ readonly status: number | undefined; readonly body: ImportResult }> {
    this.request.end();
    const [response] = await this.response;
    return { status: response.statusCode, body: (await json(response)) as ImportResult };
  }
}

/** The data of all server-sent events of a response, when it has ended. */
export async function eventsOf(url: string): Promise<ProgressEvent[]> {
  const stream = request(url, { headers: { accept: 'text/event-stream' } }).end();
  const [response] = (await once(stream, 'response')) as [IncomingMessage];
  return (await text(response))
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)) as ProgressEvent);
}

import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const WORKER = join(import.meta.dirname, 'proxy-worker.js');
const POSTGRES_PORT = 5432;

/** What a client has sent over the network, and how often it waited. */
export interface Traffic {
  readonly sent: number;
  readonly received: number;
  /** Flights of the client: each time it sends after the server has answered, so each time it had to wait. */
  readonly waits: number;
}

/** A slow network in front of a server. */
export interface Proxy {
  /** The server's URL over this network, including the password: not for output. */
  readonly url: string;
  /** Of all connections since the start. */
  traffic(): Traffic;
  close(): Promise<void>;
}

/** The delay of the cases over a network, each way, in milliseconds. */
export const DELAY_MS = 5;

/** Opens the network in a thread of its own, so that work of this one does not delay it further. */
async function openProxy(serverUrl: string): Promise<Proxy> {
  const server = new URL(serverUrl);
  const counters = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT);
  const worker = new Worker(WORKER, {
    workerData: {
      host: server.hostname,
      port: Number(server.port || POSTGRES_PORT),
      delayMs: DELAY_MS,
      counters,
    },
    execArgv: [],
  });
  const [port] = (await once(worker, 'message')) as [number];
  const url = new URL(server);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  const counts = new BigInt64Array(counters);
  return {
    url: url.href,
    traffic: () => ({
      sent: Number(Atomics.load(counts, 0)),
      received: Number(Atomics.load(counts, 1)),
      waits: Number(Atomics.load(counts, 2)),
    }),
    close: async () => {
      await worker.terminate();
    },
  };
}

/** Runs `work` over the slow network. */
export async function overProxy<T>(serverUrl: string, work: (proxy: Proxy) => Promise<T>): Promise<T> {
  const proxy = await openProxy(serverUrl);
  try {
    return await work(proxy);
  } finally {
    await proxy.close();
  }
}

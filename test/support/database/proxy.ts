import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';

import { MessageSplitter } from './frontend-messages.js';

/**
 * What becomes of a statement on its way to the server:
 * - `pass`: nothing
 * - `cut`: it does not arrive, and the connection is reset on both sides
 * - `cut the reply`: it arrives, and the client's side is reset; the server continues without noticing
 * - `sendInstead`: another one arrives in its place
 */
export type Verdict = 'pass' | 'cut' | 'cut the reply' | { readonly sendInstead: string };

/** A statement on its way to the server. */
export interface PassingStatement {
  readonly sql: string;
  /** `client_port` of the connection in pg_stat_activity. */
  readonly port: number;
}

type Judge = (statement: PassingStatement) => Verdict | Promise<Verdict>;

/** A TCP proxy in front of Postgres that fails when it is told to. */
export interface Proxy {
  /** The way through the proxy. */
  readonly url: string;
  /** Looks at each statement from now on; the statement waits as long as the judge does. */
  intercept(judge: Judge): void;
  /** Looks at each connection from now on, before anything passes. */
  onConnection(judge: () => 'pass' | 'cut'): void;
  /** Resets every connection. */
  cut(): void;
  /** From now on nothing passes in either direction, and nobody is told; new connections are taken and left alone. */
  swallow(): void;
  /** Resets every connection and rejects new ones, as a machine without a server does. */
  reject(): Promise<void>;
  /** Everything passes again, to this server. */
  restore(url?: string): Promise<void>;
  close(): Promise<void>;
}

/** A connection through the proxy. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** The client's side is gone, and the server is not to learn of it. */
  isOrphan: boolean;
}

/** Starts a proxy in front of the server of `url`. */
export async function startProxy(url: string): Promise<Proxy> {
  const links = new Set<Link>();
  let upstream = new URL(url);
  let swallowing = false;
  let judge: Judge = () => 'pass';
  let admit: () => 'pass' | 'cut' = () => 'pass';

  const listener = createServer((client) => {
    if (admit() === 'cut') {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const server = new Socket();
    const link: Link = { client, server, isOrphan: false };
    links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay();
      // A socket that is reset says so; who reset it knows.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        if (link.isOrphan && socket === client) return;
        client.destroy();
        server.destroy();
        links.delete(link);
      });
    }
    if (swallowing) return;
    server.connect(Number(upstream.port), upstream.hostname);
    server.on('data', (chunk) => swallowing || client.write(chunk));
    void passOn(
      link,
      (statement) => judge(statement),
      () => swallowing,
    );
  });
  const cut = (): void => links.forEach(reset);
  const port = await listen(listener, 0);
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    intercept(next) {
      judge = next;
    },
    onConnection(next) {
      admit = next;
    },
    cut,
    swallow() {
      swallowing = true;
    },
    async reject() {
      const closed = listener.listening ? once(listener, 'close') : undefined;
      listener.close();
      cut();
      await closed;
    },
    async restore(target) {
      upstream = new URL(target ?? upstream.href);
      swallowing = false;
      judge = () => 'pass';
      admit = () => 'pass';
      if (!listener.listening) await listen(listener, port);
    },
    async close() {
      const closed = listener.listening ? once(listener, 'close') : undefined;
      listener.close();
      cut();
      await closed;
    },
  };
}

function reset({ client, server }: Link): void {
  client.resetAndDestroy();
  server.destroy();
}

/** Passes the client's messages on, one after the other, each when it has been judged. */
async function passOn(link: Link, judge: Judge, isSwallowing: () => boolean): Promise<void> {
  const { client, server } = link;
  const messages = new MessageSplitter();
  try {
    for await (const chunk of client) {
      for (const { bytes, sql } of messages.push(chunk as Buffer)) {
        const verdict = sql === undefined ? 'pass' : await judge({ sql, port: server.localPort ?? 0 });
        // Nothing more is read either, so that what the client sends piles up.
        if (isSwallowing()) await new Promise(() => {});
        if (verdict === 'cut') {
          reset(link);
          return;
        }
        server.write(typeof verdict === 'object' ? queryMessage(verdict.sendInstead) : bytes);
        if (verdict === 'cut the reply') {
          link.isOrphan = true;
          client.resetAndDestroy();
          return;
        }
      }
    }
    server.end();
  } catch {
    // The client's side was reset.
  }
}

/** A simple query. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.from('Q\0\0\0\0');
  head.writeInt32BE(text.length + Int32Array.BYTES_PER_ELEMENT, 1);
  return Buffer.concat([head, text]);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

const TOKEN = 'token';
const HOSTS = ['127.0.0.1', 'localhost'];
const HTTP_PORT = 80;

/**
 * Lets only one browser to a server of this machine: the one that opens the URL with the token first. Other users of the
 * machine can connect to the port, and other web sites can make the browser send requests to it.
 */
export class LocalGate {
  private readonly token = randomBytes(32).toString('base64url');
  private readonly session = randomBytes(32).toString('base64url');
  private wasUsed = false;

  /** @param path - of the pages, without slashes; a cookie is sent below it only */
  constructor(private readonly path: string) {}

  /** Stands before everything that the server does with a request. */
  guard(server: Server): void {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.admits(request, response)) {
        listeners.forEach((listener) => void listener.call(server, request, response));
      }
    });
  }

  /** The URL to open, once. */
  url(port: number): string {
    return `http://127.0.0.1:${port}/${this.path}/?${TOKEN}=${this.token}`;
  }

  /** Answers every request that it does not admit. */
  private admits(request: IncomingMessage, response: ServerResponse): boolean {
    const port = request.socket.localPort;
    // A web site whose name was made to resolve to 127.0.0.1 would pass as of the same origin.
    if (!HOSTS.some((name) => isHost(request.headers.host, name, port))) {
      return answer(response, 403);
    }
    const isKnown = cookiesOf(request).some(
      ([name, value]) => name === cookieName(port) && isSame(value, this.session),
    );
    const given = request.method === 'GET' ? tokenOf(request) : undefined;
    if (given === undefined) {
      return isKnown || answer(response, 401);
    }
    if (!isKnown) {
      if (!isSame(given, this.token)) {
        return answer(response, 401);
      }
      if (this.wasUsed) {
        return answer(response, 403);
      }
      this.wasUsed = true;
      response.setHeader(
        'Set-Cookie',
        `${cookieName(port)}=${this.session}; HttpOnly; SameSite=Strict; Path=/${this.path}`,
      );
    }
    // Without the token, which would stay in the history of the browser.
    response.setHeader('Location', `/${this.path}/`);
    return answer(response, 303);
  }
}

/** Browsers leave out the port 80. */
export function isHost(header: string | undefined, name: string, port: number | undefined): boolean {
  return header === `${name}:${port}` || (port === HTTP_PORT && header === name);
}

/** Browsers send a cookie of one port to all ports of a host. */
function cookieName(port: number | undefined): string {
  return `harbor_console_${port}`;
}

function tokenOf({ url = '' }: IncomingMessage): string | undefined {
  const at = url.indexOf('?');
  return at === -1 ? undefined : (new URLSearchParams(url.slice(at)).get(TOKEN) ?? undefined);
}

function cookiesOf({ headers }: IncomingMessage): [name: string, value: string][] {
  return (headers.cookie ?? '').split(';').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
}

/** In constant time. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
}

function answer(response: ServerResponse, status: number): false {
  response.writeHead(status, { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'Content-Length': 0 });
  response.end();
  return false;
}

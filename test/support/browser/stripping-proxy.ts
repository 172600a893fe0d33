import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { once } from 'node:events';

/** A proxy as operators put before a service: it takes a path off each request and passes on all else. */
export interface StrippingProxy {
  /** Where the application is found, with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** @param path - such as `/ops/x`, without a slash at the end; whatever is not below it is 404 */
export async function startStrippingProxy(port: number, path: string): Promise<StrippingProxy> {
  const server = createServer((incoming, outgoing) => {
    const { url = '', method, headers } = incoming;
    if (!url.startsWith(`${path}/`)) {
      outgoing.writeHead(404).end('not below the path of the proxy');
      return;
    }
    // `Host` is passed on, as the documentation asks of a proxy.
    const passed = request({ port, host: '127.0.0.1', path: url.slice(path.length), method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// A worker that passes TCP connections on, each chunk later, and counts what passes: see proxy.ts.
import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { host, port, delayMs, counters } = workerData;
const [SENT, RECEIVED, WAITS] = [0, 1, 2];
const counts = new BigInt64Array(counters);

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host, port, noDelay: true });
  // The client waits for the server when it sends after the server has said something.
  let serverSpoke = true;
  const passed = (sent, length) => {
    Atomics.add(counts, sent ? SENT : RECEIVED, BigInt(length));
    if (sent && serverSpoke) {
      Atomics.add(counts, WAITS, 1n);
    }
    serverSpoke = !sent;
  };
  pass(client, upstream, (length) => passed(true, length));
  pass(upstream, client, (length) => passed(false, length));
});

/** Timers of one length fire in the order in which they were set, so chunks keep theirs. */
function pass(from, to, onChunk) {
  from.on('data', (chunk) => {
    onChunk(chunk.length);
    setTimeout(() => {
      if (!to.destroyed && !to.write(chunk)) {
        from.pause();
      }
    }, delayMs);
  });
  to.on('drain', () => from.resume());
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
}

server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port, []));

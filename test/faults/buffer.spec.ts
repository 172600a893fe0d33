import { expect, it } from '@jest/globals';

import { startStorageAppAt } from '../support/app/storage-app.js';
import { startStoppableServer } from '../support/database/stoppable-server.js';
import { sized } from '../support/sizes/sizes.js';

const CALLERS = 200;
const EACH = sized(20, 100);
/** One record in a hundred has no text for a column that must have one. */
const isBad = (n: number): boolean => n % 100 === 50;

it('a buffer of many callers tells each the truth, though the server restarts in the middle', async () => {
  const server = await startStoppableServer();
  const app = await startStorageAppAt(server.url, { migrations: 'run' });
  try {
    const buffer = app.opportunities.untyped().buffer({ maxPending: CALLERS });
    const stored: string[] = [];
    const rejected: string[] = [];
    let restarting: Promise<void> | undefined;
    const call = async (caller: number): Promise<void> => {
      for (let n = caller * EACH; n < (caller + 1) * EACH; n += 1) {
        const record = { submission_id: `t3_${n}`, problem_description: 'p', opportunity_score: isBad(n) ? 'no' : n };
        await buffer.add(record).then(
          ({ outcome }) => stored.push(`${outcome} ${n}`),
          (error: { readonly code: string }) => rejected.push(`${error.code} ${n}`),
        );
        if (stored.length > (CALLERS * EACH) / 2) {
          restarting ??= server.stop('immediate').then(() => server.start());
        }
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
    await restarting;

    const all = Array.from({ length: CALLERS * EACH }, (_, n) => n);
    const bad = all.filter(isBad);
    expect(restarting).toBeDefined();
    expect(rejected.toSorted()).toEqual(bad.map((n) => `RECORD_REJECTED ${n}`).toSorted());
    // After a COMMIT whose reply was lost, the second attempt finds its records stored.
    expect(stored.map((fate) => fate.replace('unchanged', 'inserted')).toSorted()).toEqual(
      all
        .filter((n) => !isBad(n))
        .map((n) => `inserted ${n}`)
        .toSorted(),
    );
    expect(await app.rows('SELECT submission_id, opportunity_score FROM app_opportunities ORDER BY 2')).toEqual(
      all.filter((n) => !isBad(n)).map((n) => ({ submission_id: `t3_${n}`, opportunity_score: n })),
    );
    expect(await app.rows('SELECT record_key FROM storage_rejected_records ORDER BY length(record_key), 1')).toEqual(
      bad.map((n) => ({ record_key: `t3_${n}` })),
    );
  } finally {
    await app.close();
    await server.close();
  }
});

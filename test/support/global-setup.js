import { spawnSync } from 'node:child_process';

/** One build of the command line and one server for the whole run; HARBOR_TEST_VIA=pgbouncer puts PgBouncer before it. */
export default async function setUp() {
  // Tests run the command line as it is shipped; of type errors `npm run types` tells.
  spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], { env: { ...process.env, NODE_OPTIONS: '' } });
  // jest loads this file through require, which knows no TypeScript; an import at run time does.
  const { startTestPostgres } = await import('../../src/testing/index.js');
  globalThis.harborTestPostgres = await startTestPostgres();
  if (process.env.HARBOR_TEST_VIA === 'pgbouncer') {
    const { pgBouncerIsMissing, startPgBouncer } = await import('./database/pgbouncer.js');
    const reason = pgBouncerIsMissing();
    if (reason !== undefined) throw new Error(reason);
    globalThis.harborTestPgBouncer = await startPgBouncer(globalThis.harborTestPostgres.url);
    process.env.HARBOR_STORAGE_TEST_SERVER = globalThis.harborTestPgBouncer.url;
  }
  const { readServerFacts } = await import('./needs/server-facts.js');
  Object.assign(process.env, await readServerFacts(process.env.HARBOR_STORAGE_TEST_SERVER));
}

// The entry of `npm run example`: a Postgres of its own unless DATABASE_URL is set, and something to look at.
import 'reflect-metadata';

import { join } from 'node:path';

import { startEmbeddedPostgres } from 'harbor-storage/testing';

/** Only where a variable is not set. */
function setDefaults(defaults: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(defaults)) {
    process.env[name] ||= value;
  }
}

try {
  setDefaults({
    NODE_ENV: 'development',
    MIGRATIONS: 'run',
    OPERATOR_NAME: 'operator',
    OPERATOR_PASSWORD: 'development',
  });
  if (!process.env['DATABASE_URL']) {
    // It ends with this process.
    const { url } = await startEmbeddedPostgres({ dataDir: join(process.cwd(), '.harbor-storage/postgres-18') });
    setDefaults({ DATABASE_URL: url });
  }
  // Imported here, because it reads the environment.
  const { start } = await import('./start.js');
  const { loadSamples } = await import('./samples.js');
  const app = await start();
  await loadSamples(app);
  const url = await app.getUrl();
  process.stdout.write(`
API         ${url}/docs
Console     ${url}/storage   user ${process.env['OPERATOR_NAME']}, password ${process.env['OPERATOR_PASSWORD']}
Health      ${url}/health
Metrics     ${url}/metrics
Stop it with Ctrl-C.
`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/**
 * A process that uses an embedded Postgres: `embedded-child.ts <dataDir> [forget]`. Says on its output what it got, as
 * one line of JSON, and stops its server when its input ends; with `forget` it just has nothing more to do.
 */
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';

const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', durable: false });
process.stdout.write(`${JSON.stringify(postgres)}\n`);
if (process.argv[3] !== 'forget') process.stdin.resume().once('end', () => void postgres.stop());

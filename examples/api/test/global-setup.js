import { startTestPostgres } from 'harbor-storage/testing';

/** One Postgres for the whole run. */
export default async function setUp() {
  globalThis.testPostgres = await startTestPostgres();
}

/** One server for the whole run. */
export default async function setUp() {
  // jest loads this file through require, which knows no TypeScript; an import at run time does.
  const { startTestPostgres } = await import('../../src/testing/index.js');
  globalThis.harborTestPostgres = await startTestPostgres();
}

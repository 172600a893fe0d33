/** Stops what global-setup started. */
export default async function tearDown() {
  await globalThis.harborTestCitus?.stop();
  await globalThis.harborTestPgBouncer?.stop();
  await globalThis.harborTestPostgres?.stop();
}

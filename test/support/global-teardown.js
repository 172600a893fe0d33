/** Stops what global-setup started. */
export default async function tearDown() {
  await globalThis.harborTestPgBouncer?.stop();
  await globalThis.harborTestPostgres?.stop();
}

import setUp from './global-setup.js';

/** As global-setup, and a Citus cluster beside the server, where there is a Postgres with Citus. */
export default async function setUpCitus() {
  const { citusIsMissing } = await import('./citus/binaries.js');
  const reason = citusIsMissing();
  // A stack would only hide the sentence.
  if (reason !== undefined) throw Object.assign(new Error(reason), { stack: reason });
  await setUp();
  const { startCitusCluster } = await import('./citus/cluster.js');
  const { shareCluster } = await import('./citus/databases.js');
  globalThis.harborTestCitus = await startCitusCluster();
  shareCluster(globalThis.harborTestCitus);
}

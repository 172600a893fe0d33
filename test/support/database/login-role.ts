import { randomBytes } from 'node:crypto';

import type { StorageApp } from '../app/storage-app.js';

/** Works under a role that is no superuser and may read and write every table; row level security applies to it. */
export async function withLoginRole<T>(app: StorageApp, work: (url: string, role: string) => Promise<T>): Promise<T> {
  const role = `harbor_role_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const url = new URL((app.dataSource.options as { url: string }).url);
  url.username = role;
  url.password = password;
  await app.rows(`
    CREATE ROLE ${role} LOGIN PASSWORD '${password}';
    GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
  `);
  try {
    return await work(url.href, role);
  } finally {
    await app.rows(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
}

import { Client } from 'pg';

/** What globalSetup tells the workers of the server of this run. */
export const VERSION_VARIABLE = 'HARBOR_TEST_SERVER_VERSION';
export const PASSWORDS_VARIABLE = 'HARBOR_TEST_PASSWORDS';

/** Asks the server of `url` what tests may depend on. */
export async function readServerFacts(url: string): Promise<Readonly<Record<string, string>>> {
  const version = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ version: string }>(
      `SELECT current_setting('server_version_num')::integer / 10000 AS version`,
    );
    return String(rows[0]?.version);
  });
  const wrong = Object.assign(new URL(url), { password: 'wrong' }).href;
  const passwords = await withConnection(wrong, () => Promise.resolve('ignored')).catch(() => 'checked');
  return { [VERSION_VARIABLE]: version, [PASSWORDS_VARIABLE]: passwords };
}

async function withConnection<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

import type { ClientBase } from 'pg';

/**
 * Runs `work` with another value of a setting, in a transaction that may continue: afterwards the setting has its old
 * value. When `work` throws, the rollback restores it.
 */
export async function withSetting<T>(
  client: ClientBase,
  name: string,
  value: string,
  work: () => Promise<T>,
): Promise<T> {
  const { rows } = await client.query<{ before: string }>('SELECT current_setting($1) AS before', [name]);
  const set = (to: unknown): Promise<unknown> => client.query('SELECT set_config($1, $2, true)', [name, to]);
  await set(value);
  const result = await work();
  await set(rows[0]?.before);
  return result;
}

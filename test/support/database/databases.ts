import { createTestDatabase } from '../../../src/testing/index.js';
import { queryValue } from '../processes/embedded-processes.js';

/** Runs `work` on a database of its own with the migrations applied. */
export async function withDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const database = await createTestDatabase();
  try {
    return await work(database.url);
  } finally {
    await database.drop();
  }
}

/** Runs `work` on a database without a single table. */
export async function withEmptyDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  return withDatabase(async (url) => {
    await queryValue(url, 'DROP SCHEMA public CASCADE');
    await queryValue(url, 'CREATE SCHEMA public');
    return work(url);
  });
}

/** A connection string with parts replaced. */
export function withParts(url: string, parts: Partial<Pick<URL, 'port' | 'password' | 'pathname'>>): string {
  return Object.assign(new URL(url), parts).href;
}

import type { Server } from 'node:http';

import type { INestApplication } from '@nestjs/common';
import { createTestDatabase } from 'harbor-storage/testing';

export const OPERATOR = { name: 'operator', password: 'only-for-tests' };

/** The service as it runs in production, on an empty database of its own. */
export interface TestApp {
  readonly app: INestApplication;
  readonly server: Server;
  readonly url: string;
  close(): Promise<void>;
}

export async function openTestApp(variables: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  Object.assign(process.env, {
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    MIGRATIONS: 'run',
    LOG_LEVEL: 'fatal',
    PORT: '0',
    OPERATOR_NAME: OPERATOR.name,
    OPERATOR_PASSWORD: OPERATOR.password,
    ...variables,
  });
  // Imported here, because it reads the environment.
  const { start } = await import('../src/start.js');
  const app = await start();
  return {
    app,
    server: app.getHttpServer(),
    url: await app.getUrl(),
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

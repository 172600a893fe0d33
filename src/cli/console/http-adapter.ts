import type { AbstractHttpAdapter } from '@nestjs/core';

import { errorCode } from '../../errors/error-text.js';
import { UsageError } from '../usage-error.js';

/** What Nest can serve HTTP by; an application has one of them. */
const ADAPTERS: readonly (() => Promise<AbstractHttpAdapter>)[] = [
  async () => new (await import('@nestjs/platform-express')).ExpressAdapter(),
  async () => new (await import('@nestjs/platform-fastify')).FastifyAdapter(),
];

/**
 * The installed one. Nest itself ends the process without one.
 * @throws UsageError when none is installed
 */
export async function createHttpAdapter(): Promise<AbstractHttpAdapter> {
  for (const create of ADAPTERS) {
    try {
      return await create();
    } catch (error) {
      if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') {
        throw error;
      }
    }
  }
  throw new UsageError(
    'The console needs @nestjs/platform-express or @nestjs/platform-fastify. Install one of them: ' +
      'npm install @nestjs/platform-express',
  );
}

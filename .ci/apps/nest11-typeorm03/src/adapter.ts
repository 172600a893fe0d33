import { FastifyAdapter } from '@nestjs/platform-fastify';

export function makeAdapter(): FastifyAdapter {
  return new FastifyAdapter();
}

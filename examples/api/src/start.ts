import { type INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';

import { createApp } from './app.js';
import type { Environment } from './config.js';

/** Starts the service. SIGTERM and SIGINT end it, when running requests and loads have ended. */
export async function start(): Promise<INestApplication> {
  const app = await createApp();
  const config = app.get<ConfigService<Environment, true>>(ConfigService);
  const port = config.get('PORT', { infer: true });
  try {
    await app.listen(port, config.get('HOST', { infer: true }));
    return app;
  } catch (error) {
    await app.close();
    const isInUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isInUse ? new Error(`Port ${port} is in use. Set another one, for example PORT=${port + 1}.`) : error;
  }
}

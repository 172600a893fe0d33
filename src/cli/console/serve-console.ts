import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';

import { StorageConsoleModule } from '../../console/index.js';
import { errorCode } from '../../errors/error-text.js';
import { StorageModule } from '../../module/storage.module.js';
import { UsageError } from '../usage-error.js';
import { createHttpAdapter } from './http-adapter.js';
import { LocalGate } from './local-gate.js';

/** Below it stand the pages. */
const PATH = 'storage';
const HOST = '127.0.0.1';

/** Options of {@link serveConsole}. */
export interface ConsoleOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly readOnly: boolean;
  /** Receives who did what, and errors. */
  readonly logger: LoggerService;
}

/** A running console. */
export interface RunningConsole {
  /** With the token that lets one browser in, once. */
  readonly url: string;
  close(): Promise<void>;
}

@Module({})
class LocalConsoleModule {}

/**
 * Serves the pages of the console for the operator of this machine.
 * @param dataSource - an open one, which stays open
 * @throws UsageError when the port cannot be used, or nothing is installed that serves HTTP
 */
export async function serveConsole(
  dataSource: DataSource,
  { port, readOnly, logger }: ConsoleOptions,
): Promise<RunningConsole> {
  const imports = [
    StorageModule.forRoot({ dataSource, migrations: 'off' }),
    // The gate stands before all of Nest.
    StorageConsoleModule.forRoot({ path: PATH, guards: 'none', canSee: () => true, readOnly }),
  ];
  const app = await NestFactory.create({ module: LocalConsoleModule, imports }, await createHttpAdapter(), {
    // The warnings of a start are those of the command, which has printed them.
    logger: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  try {
    await app.init();
    const server = app.getHttpServer() as Server;
    const gate = new LocalGate(PATH);
    gate.guard(server);
    await app.listen(port, HOST);
    // Not before: Nest logs, too, that it cannot listen.
    app.useLogger(logger);
    return { url: gate.url((server.address() as AddressInfo).port), close: () => app.close() };
  } catch (error) {
    await app.close();
    throw listenError(port, error);
  }
}

function listenError(port: number, error: unknown): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new UsageError(`--port: ${port} is in use. Choose another port, or 0 for any free one`);
    case 'EACCES':
      return new UsageError(
        `--port: no permission to listen on ${port}. Choose a port from 1024, or 0 for any free one`,
      );
    default:
      return error;
  }
}

import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/** What Nest logs of each module and route when it starts. */
const START_UP = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver']);

/** Nest's logger by pino: JSON lines on standard output. */
export class PinoLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(level: string) {
    this.pino = pino({ level, timestamp: pino.stdTimeFunctions.isoTime });
  }

  log = (message: unknown, ...rest: unknown[]): void => this.write('info', message, rest);
  warn = (message: unknown, ...rest: unknown[]): void => this.write('warn', message, rest);
  debug = (message: unknown, ...rest: unknown[]): void => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]): void => this.write('trace', message, rest);
  fatal = (message: unknown, ...rest: unknown[]): void => this.write('fatal', message, rest);

  error(message: unknown, ...rest: unknown[]): void {
    const [stack, ...others] = rest;
    const isStack = others.length > 0 || (typeof stack === 'string' && stack.includes('\n    at '));
    this.write('error', message, isStack ? [{ stack }, ...others] : rest);
  }

  /** Nest passes the context last, and before it what the caller has added: objects become fields of the line. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.findLast((part) => typeof part === 'string');
    const added = rest.filter((part) => typeof part === 'object');
    const shown = level === 'info' && START_UP.has(context ?? '') ? 'debug' : level;
    const { message: text, ...fields } =
      message instanceof Error ? { err: message, message: message.message } : asFields(message);
    this.pino[shown](Object.assign({ context }, ...added, fields), text === undefined ? undefined : String(text));
  }
}

function asFields(message: unknown): Record<string, unknown> {
  return typeof message === 'object' ? { ...message } : { message };
}

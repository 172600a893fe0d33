import { AbstractLogger, type LogLevel, type LogMessage } from 'typeorm';

/** Writes the log of migrations to stderr: stdout is for the results of commands. */
export class MigrationLogger extends AbstractLogger {
  protected override writeLog(
    _level: LogLevel,
    logged: LogMessage | string | number | (LogMessage | string | number)[],
  ) {
    for (const { message } of this.prepareLogMessages(logged)) {
      process.stderr.write(`${message}\n`);
    }
  }
}

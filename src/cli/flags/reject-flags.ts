import type { Command } from 'commander';

import type { RejectFilter } from '../../quarantine/reject-filter.js';
import { parseId } from './parse-id.js';
import { parseMoment } from './parse-moment.js';
import { parseName } from './parse-name.js';

/** The options that say which rejected records a command means. */
export interface RejectFlags {
  readonly load?: string;
  readonly table?: string;
  readonly reason?: string;
  readonly since?: Date;
}

/** Adds them to a command. */
export function addRejectOptions(command: Command): Command {
  return command
    .option('--load <id>', 'only those rejected by this load', parseId)
    .option('--table <table>', 'only those meant for this table (or hybrid)', parseName)
    .option('--reason <reason>', 'only those rejected by this rule or SQLSTATE', parseName)
    .option('--since <when>', 'only those rejected since: 12h, 30d, or a date-time with its zone', parseMoment);
}

export function filterOf({ load, table, reason, since }: RejectFlags): RejectFilter {
  return { loadId: load, table, reason, since };
}

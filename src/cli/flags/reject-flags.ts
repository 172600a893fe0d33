import type { Command } from 'commander';

import type { RejectFilter } from '../../quarantine/reject-filter.js';
import { parseId } from './parse-id.js';
import { parseMoment } from './parse-moment.js';
import { parseName } from './parse-name.js';

/** Options that select rejected records. */
export interface RejectFlags {
  readonly load?: string;
  readonly table?: string;
  readonly reason?: string;
  readonly since?: Date;
}

/** Adds these options to a command. */
export function addRejectOptions(command: Command): Command {
  return command
    .option('--load <id>', 'Only records rejected by this load', parseId)
    .option('--table <table>', 'Only records for this table (or hybrid), with or without its schema', parseName)
    .option('--reason <reason>', 'Only records rejected by this rule or SQLSTATE', parseName)
    .option('--since <when>', 'Only records rejected since: 12h, 30d, or a date-time with time zone', parseMoment);
}

export function filterOf({ load, table, reason, since }: RejectFlags): RejectFilter {
  return { loadId: load, table, reason, since };
}

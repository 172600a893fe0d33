import { createHash } from 'node:crypto';

import { escapeIdentifier } from 'pg';

import { InvalidLoadError } from '../errors/index.js';

/** Postgres silently truncates names to this many bytes (NAMEDATALEN - 1), so two names could become one. */
export const MAX_IDENTIFIER_BYTES = 63;

/**
 * Quotes one identifier.
 * @throws InvalidLoadError when it is empty, holds NUL, or is longer than 63 bytes
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new InvalidLoadError(
      `${JSON.stringify(name.slice(0, MAX_IDENTIFIER_BYTES))} is no valid Postgres name: ` +
        `names must have 1 to ${MAX_IDENTIFIER_BYTES} bytes and no NUL`,
    );
  }
  return escapeIdentifier(name);
}

/** `"schema"."table"`: always qualified, because a temporary table may hide an unqualified name. */
export function quoteTable(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** A table name derived from its definition; other definitions get other names. */
export function nameByDefinition(prefix: string, definition: string): string {
  return `${prefix}_${createHash('sha256').update(definition).digest('hex').slice(0, 32)}`;
}

import { createHash } from 'node:crypto';

import { escapeIdentifier } from 'pg';

import { InvalidLoadError } from '../errors/index.js';

/** Postgres cuts longer names to this many bytes without an error (NAMEDATALEN - 1), so two names could become one. */
export const MAX_IDENTIFIER_BYTES = 63;

/**
 * Quotes one identifier.
 * @throws InvalidLoadError when it is empty, holds NUL, or is longer than 63 bytes
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new InvalidLoadError(
      `${JSON.stringify(name.slice(0, MAX_IDENTIFIER_BYTES))} cannot be a Postgres name: ` +
        `it must have 1 to ${MAX_IDENTIFIER_BYTES} bytes and no NUL`,
    );
  }
  return escapeIdentifier(name);
}

/** `"schema"."table"`: always qualified, because a temporary table may hide a bare name. */
export function quoteTable(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** A name for a table of this definition; one of another definition has another name. */
export function nameByDefinition(prefix: string, definition: string): string {
  return `${prefix}_${createHash('sha256').update(definition).digest('hex').slice(0, 32)}`;
}

import { RejectedValue } from './rejected-value.js';

/** Postgres itself stops at 1 GB for a field and 256 MB for a jsonb. */
const MAX_FIELD_BYTES = 64 * 1024 * 1024;

/**
 * Rejects what Postgres could not store byte for byte.
 * @throws RejectedValue `nul_character`, `lone_surrogate`, `field_too_large`
 */
export function checkText(text: string): string {
  if (text.includes('\0')) {
    throw new RejectedValue('nul_character', 'Postgres text cannot hold a NUL character');
  }
  if (!text.isWellFormed()) {
    throw new RejectedValue('lone_surrogate', 'half of a surrogate pair would be stored as U+FFFD');
  }
  return checkSize(text);
}

/** @throws RejectedValue `field_too_large` */
export function checkSize(text: string): string {
  // UTF-8 needs at most 3 bytes for a UTF-16 unit, so most texts are cleared without counting.
  if (text.length * 3 > MAX_FIELD_BYTES && Buffer.byteLength(text) > MAX_FIELD_BYTES) {
    throw new RejectedValue('field_too_large', `a field holds at most ${MAX_FIELD_BYTES / 1024 / 1024} MiB`);
  }
  return text;
}

import { describe, expect, it } from '@jest/globals';

import { findWords } from '../../../.ci/words.js';

describe('the check for plain words', () => {
  it.each([
    ['The record was refused', 'refused', 'reject'],
    ['const refusedValue = 1', 'refused', 'reject'],
    ['To mend it:', 'mend', 'fix'],
    ['a shadow of the table', 'shadow', 'staging table, or hide'],
    ['the field that stands in for another', 'stands in', 'fallback field'],
    ['batches held back', 'held back', 'blocked keys, or keep'],
    ['The load goes on after it', 'goes on', 'resume, or continue'],
    ['It is not known to be in', 'not known to be in', 'commit outcome unknown'],
    ['to know whether the batch is in', 'whether the batch is in', 'commit outcome unknown'],
    ['every record was in already', 'was in', 'committed'],
    ['The database does not fit:', 'The database does not fit', 'Database schema mismatch'],
    ['(add --help for what can be given)', 'for what can be given', 'Run with --help for usage'],
    ['not tried: it has keys of a batch', 'not tried: it has keys', 'Skipped: shares keys with a failed batch'],
    ['The tables cannot be looked at', 'cannot be looked at', 'Could not read the table schema'],
    ['nothing tells which', 'nothing tells', 'Rows suppressed by a trigger or rule'],
  ])('finds in %j the word %j, and names the plain one', (line, word, say) => {
    expect(findWords(line)).toContainEqual({ word, say });
  });

  it.each([
    'connection refused [ECONNREFUSED]',
    'pg_shadow is readable by superusers only',
    'we recommend an amendment',
    'the record is in quarantine',
    'whether the value is in the list',
    'a backlog of batches',
  ])('accepts technical terms and ordinary words: %j', (line) => {
    expect(findWords(line)).toEqual([]);
  });
});

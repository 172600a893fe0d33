import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  generateHybridRecords,
  generateHybridSample,
  SAMPLE_SEED,
  SAMPLE_SIZE,
  type SampleRecord,
} from '../../sample/hybrid-sample.js';
import { parseJsonRecord } from '../../src/files/json/parse-json-line.js';
import { sized } from '../support/sizes/sizes.js';

const file = readFileSync(new URL('../../sample/hybrid-records.jsonl', import.meta.url), 'utf8');
const records = file
  .trimEnd()
  .split('\n')
  .map((line) => parseJsonRecord(Buffer.from(line)));
const values = records.map((record) => record.value as SampleRecord | undefined).filter((value) => value !== undefined);
const keyOf = (value: SampleRecord) => value['submission_id'] ?? value['reddit_id'];

function count(test: (value: SampleRecord) => boolean): number {
  return values.filter(test).length;
}

describe('sample/hybrid-records.jsonl', () => {
  it('is what the generator writes', () => {
    expect(file).toBe(`${generateHybridSample(SAMPLE_SEED, SAMPLE_SIZE).join('\n')}\n`);
    expect(records).toHaveLength(SAMPLE_SIZE);
  });

  it('has a line for each kind of fault', () => {
    expect(records.flatMap((record) => record.rejection?.rule ?? []).sort()).toEqual(['invalid_json', 'not_an_object']);
    const faults: ((value: SampleRecord) => boolean)[] = [
      (value) => String(value['problem_description']).includes('\0'),
      (value) => !String(value['title']).isWellFormed(),
      (value) => value['opportunity_score'] === 'high',
      (value) => value['submission_id'] === ' ',
      (value) => value['created_utc'] === '01/02/2024',
      (value) => typeof value['app_name'] === 'object',
    ];
    expect(faults.map(count)).toEqual(faults.map(() => 1));
  });

  it('has records without a key, without a problem, by alias and with unknown fields', () => {
    expect(count((value) => keyOf(value) === undefined)).toBe(3);
    expect(count((value) => value['problem_description'] === undefined)).toBe(30);
    for (const alias of ['reddit_id', 'function_list', 'functions', 'total_score', 'llm_monetization_score']) {
      expect(count((value) => alias in value && value['submission_id'] !== ' ')).toBeGreaterThan(4);
    }
    expect(count((value) => 'upvote_ratio' in value)).toBeGreaterThan(4);
  });

  it('repeats 25 records, each behind its first', () => {
    const first = new Map<unknown, SampleRecord>();
    const repeated = values.filter((value) => {
      const key = keyOf(value);
      if (key === undefined) return false;
      if (first.has(key)) return true;
      first.set(key, value);
      return false;
    });
    expect(repeated).toHaveLength(25);
    expect(repeated.filter((value) => 'title' in value)).toHaveLength(5);
    expect([...first.values()].every((value) => 'title' in value)).toBe(true);
  });

  it('holds text that is hard to carry', () => {
    const texts = values.map((value) => `${String(value['title'])}\n${String(value['selftext'])}`).join('\n');
    expect([/\n\n- /, /"/, /\p{Emoji_Presentation}/u, /–/].map((piece) => piece.test(texts))).not.toContain(false);
  });
});

const COUNT = sized(500, 5000);

describe('generateHybridRecords', () => {
  it('makes as many full records as wanted, with distinct keys', () => {
    const many = generateHybridRecords(1, COUNT);
    expect(new Set(many.map((record) => record['submission_id'])).size).toBe(COUNT);
    expect(many.every((record) => /^t3_h[0-9a-z]+$/.test(String(record['submission_id'])))).toBe(true);
    expect(many.every((record) => record['problem_description'] !== undefined)).toBe(true);
    expect(many).toEqual(generateHybridRecords(1, COUNT));
    expect(many[0]).not.toEqual(generateHybridRecords(2, 1)[0]);
  });
});

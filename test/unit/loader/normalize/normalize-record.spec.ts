import { beforeAll, describe, expect, it } from '@jest/globals';

import type { LoadPlan } from '../../../../src/loader/model/load-plan.js';
import type { Normalized } from '../../../../src/loader/model/load-job.js';
import { normalizeRecord } from '../../../../src/loader/normalize/normalize-record.js';
import { rejectionOf as rejectionIn, rowOf as rowIn } from '../../../support/records/normalized.js';
import { planOf } from '../../../support/entities/plans.js';
import { Article, Note } from '../../../support/entities/unit-entities.js';

const BASE = { article_id: 'a', shop: 's' };

describe('a record', () => {
  let plan: LoadPlan;
  beforeAll(async () => {
    plan = await planOf(Article);
  });

  const normalize = (record: unknown): Normalized => normalizeRecord(plan, plan.primaryKey, record);
  const rowOf = (record: unknown) => rowIn(plan, record);
  const rejectionOf = (record: unknown) => rejectionIn(plan, record);

  it.each<[string, object, object]>([
    ['column names', { remark: 'r', short_name: 'n' }, { remark: 'r', short_name: 'n' }],
    ['property names', { shortName: 'n', seenAt: 0 }, { short_name: 'n', seen_at: '1970-01-01T00:00:00.000000Z' }],
    ['both names with one value', { short_name: 'n', shortName: 'n' }, { short_name: 'n' }],
    ['undefined, which is absent', { remark: undefined, stock: undefined }, {}],
    ['null, which is null', { remark: null, stock: null }, { remark: null, stock: null }],
    ['null in a preserved column, which is absent', { rating: null }, {}],
    [
      '0, false and empty text, which are values',
      { stock: 0, rating: 0, remark: '' },
      { stock: '0', rating: '0', remark: '' },
    ],
    ['text for a number', { stock: '7', rating: '72.5' }, { stock: '7', rating: '72.5' }],
    ['json null inside json', { details: [null] }, { details: '[null]' }],
    ['its own extra object', { rest: { mood: 1, none: undefined } }, { rest: { mood: '1' } }],
    ['no extra at all', { rest: null }, {}],
    ['fields no column knows', { mood: null, loud: true }, { unknown: { mood: null, loud: true } }],
    ['a fallback field', { caption: 'c' }, { short_name: 'c', fills: ['short_name'] }],
    ['a column as a fallback field', { label: 'l' }, { label: 'l', short_name: 'l', fills: ['short_name'] }],
    [
      'fallback fields in their order',
      { caption: 'c', label: 'l' },
      { label: 'l', short_name: 'l', fills: ['short_name'], unknown: { caption: 'c' } },
    ],
    [
      'a given value before fallback fields',
      { shortName: '', caption: 'c' },
      { short_name: '', unknown: { caption: 'c' } },
    ],
    ['a null fallback field, which says nothing', { caption: null }, {}],
  ])('may carry %s', (_, fields, expected) => {
    expect(rowOf({ ...BASE, ...fields })).toEqual({ ...BASE, ...expected });
  });

  it.each<[object, string]>([
    [{ sku: 'x' }, 'x'],
    [{ ean: 'e' }, 'e'],
    [{ sku: null, ean: 'e' }, 'e'],
    [{ ean: 'e', sku: 'x' }, 'x'],
    [{ articleId: 'a', sku: 'x' }, 'a'],
    [{ article_id: null, sku: 'x' }, 'x'],
  ])('is found by the first alias that is present: %j', (fields, key) => {
    expect(rowOf({ shop: 's', ...fields })).toMatchObject({ article_id: key });
  });

  it('may be an instance of a class, and may have no prototype', () => {
    class Given {
      article_id = 'a';
      shop = 's';
    }
    expect(rowOf(new Given())).toEqual(BASE);
    expect(rowOf(Object.assign(Object.create(null) as object, BASE))).toEqual(BASE);
  });

  it('has own fields only: what it inherits is not read', () => {
    expect(rowOf(Object.assign(Object.create({ remark: 'inherited' }) as object, BASE))).toEqual(BASE);
    expect(rejectionOf({ shop: 's', __proto__: { article_id: 'inherited' } })).toEqual(['missing_key', 'article_id']);
  });

  it('may carry __proto__ and constructor as data', () => {
    const normalized = normalize(JSON.parse('{"article_id":"a","shop":"s","__proto__":{"x":1},"constructor":"c"}'));
    expect(normalized.kind === 'row' && [...normalized.unknown]).toEqual([
      ['__proto__', { x: 1 }],
      ['constructor', 'c'],
    ]);
  });

  it.each<[string, string | undefined, unknown]>([
    ['not_an_object', undefined, null],
    ['not_an_object', undefined, [BASE]],
    ['not_an_object', undefined, new Map(Object.entries(BASE))],
    ['not_an_object', undefined, new Date()],
    ['not_an_object', undefined, () => BASE],
    ['missing_key', 'article_id', { shop: 's' }],
    ['blank_key', 'article_id', { shop: 's', article_id: '' }],
    ['blank_key', 'article_id', { shop: 's', sku: '\t ' }],
    ['key_too_long', 'article_id', { shop: 's', article_id: 'x'.repeat(2601) }],
    ['null_not_allowed', 'article_id', { shop: 's', article_id: null }],
    ['unsupported_value', 'remark', { ...BASE, remark: () => 'now()' }],
    ['unsupported_value', 'details', { ...BASE, details: Symbol('x') }],
    ['wrong_type', 'remark', { ...BASE, remark: 5, label: 6 }],
    ['conflicting_keys', 'short_name', { ...BASE, short_name: 'a', shortName: 'b' }],
    ['conflicting_keys', 'short_name', { ...BASE, remark: 'r', shortName: 'b', short_name: 'a' }],
    ['conflicting_keys', 'short_name', { ...BASE, short_name: null, shortName: 'b' }],
    ['wrong_type', 'rest', { ...BASE, rest: 'text' }],
    ['not_finite', 'rest', { ...BASE, remark: 'r', rest: { n: Number.NaN } }],
    ['validation:maxLength', 'label', { ...BASE, label: 'x'.repeat(9) }],
    ['validation:max', 'stock', { ...BASE, stock: '101' }],
    ['validation:maxLength', 'remark', { ...BASE, stock: 0, remark: 'long' }],
  ])('is rejected as %s in %s', (rule, column, record) => {
    expect(rejectionOf(record)).toEqual([rule, column]);
  });

  it.each([['long'], [null]])('is held only to the rules whose condition applies: remark %j', (remark) => {
    expect(rowOf({ ...BASE, stock: 1, remark })).toMatchObject({ remark });
    expect(rowOf({ ...BASE, remark })).toMatchObject({ remark });
  });

  it.each([[{}], [{ shop: undefined }], [{ shop: null }], [{ shop: '' }], [{ shop: ' ' }]])(
    'is skipped, not rejected, without a field its class skips by: %j',
    (fields) => {
      expect(normalize({ article_id: '', ...fields })).toEqual({ kind: 'skip', reason: 'missing_shop' });
    },
  );

  it('needs no key where none is asked for', async () => {
    const notes = await planOf(Note);
    const append = (record: object) => normalizeRecord(notes, undefined, record);
    expect(append({ remark: 'r' }).kind).toBe('row');
    expect(append({ mood: 1 }).kind).toBe('row');
  });

  it('never has its values in the message of a rejection', () => {
    const secret = 'xyzzy-4711';
    const fields = ['article_id', 'stock', 'rating', 'remark', 'details', 'seen_at', 'rest', 'label'];
    const wrong = [secret, `${secret}\0`, [secret, () => secret], { [secret]: Number.NaN }, `${secret}`.repeat(400)];
    let rejected = 0;
    for (const field of fields) {
      for (const value of wrong) {
        const normalized = normalize({ ...BASE, [field]: value });
        rejected += normalized.kind === 'rejection' ? 1 : 0;
        expect(normalized.kind === 'rejection' ? JSON.stringify(normalized.rejection) : '').not.toContain(secret);
      }
    }
    expect(rejected).toBeGreaterThan(30);
  });
});

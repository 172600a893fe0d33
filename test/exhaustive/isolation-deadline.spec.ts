import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { StorageApp } from '../support/app/storage-app.js';
import { quarantined } from '../support/app/quarantine.js';
import { startAppWith } from '../support/entities/own-entities.js';

@Entity('branches')
class Branch {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  parent: string | null;

  @Column('integer', { default: 0 })
  weight: number;
}

describe('a batch of slow rows that refer to a later one', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Branch], { loader: { statementTimeoutMs: 1_000, maxAttempts: 1 } });
    await app.rows(`
      ALTER TABLE branches ADD FOREIGN KEY (parent) REFERENCES branches, ADD CONSTRAINT light CHECK (weight < 10);
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON branches FOR EACH ROW EXECUTE FUNCTION slow();
    `);
  });
  afterAll(() => app.close());

  it('loses none of them to the time that a statement has', async () => {
    const children = Array.from({ length: 12 }, (_, n) => ({ id: `child ${n}`, parent: 'root' }));
    const orphan = { id: 'orphan', parent: 'nobody' };
    const result = await app.loader.load(Branch, [{ id: 'heavy', weight: 10 }, ...children, orphan, { id: 'root' }]);

    expect(result).toMatchObject({ inserted: 13, rejected: 2, failed: 0 });
    expect((await quarantined(app, result.loadId)).map(({ key, reason }) => [key, reason])).toEqual([
      ['heavy', '23514'],
      ['orphan', '23503'],
    ]);
  });
});

describe('a batch of slow rows in which many are rejected', () => {
  it('is done in parts, each within the time of one statement', async () => {
    const app = await startAppWith([Branch], { loader: { statementTimeoutMs: 1_000, maxAttempts: 1 } });
    await app.rows(`
      ALTER TABLE branches ADD CONSTRAINT light CHECK (weight < 10);
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.015); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON branches FOR EACH ROW EXECUTE FUNCTION slow();
    `);
    const records = Array.from({ length: 80 }, (_, id) => ({ id: `n${id}`, weight: id % 5 === 4 ? 10 : 0 }));
    expect(await app.loader.load(Branch, records)).toMatchObject({ inserted: 64, rejected: 16, failed: 0 });
    await app.close();
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

import type { LoadProgress } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('nodes')
class Node {
  @PrimaryColumn('integer')
  id: number;

  @ManyToOne(() => Node, { deferrable: 'INITIALLY DEFERRED' })
  @JoinColumn({ name: 'parent' })
  parent: Node | null;
}

@Entity('others')
class Other {
  @PrimaryColumn('integer')
  id: number;

  @Column('integer', { nullable: true })
  n: number | null;
}

describe('a load', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Node, Other]);
    await app.rows(`ALTER TABLE others ADD CONSTRAINT other_parent FOREIGN KEY (n) REFERENCES others
                      DEFERRABLE INITIALLY DEFERRED`);
  });
  afterAll(() => app.close());

  it('outlives an async listener that fails, and warns of it once', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const seen: LoadProgress[] = [];
    try {
      const onProgress = async (progress: LoadProgress): Promise<void> => {
        seen.push(progress);
        await Promise.reject(new TypeError('a value of the record'));
      };
      const options = { batchSize: 1, onProgress, loadKey: 'k', source: 'a file' };
      expect(await app.loader.loadBatch(Other, [{ id: 1 }, { id: 2 }], options)).toMatchObject({ ok: true });
      const warnings = warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('onProgress'));
      expect(warnings).toEqual([expect.stringMatching(/onProgress failed with/)]);
      expect(warnings.join()).not.toMatch(/a value/);
    } finally {
      warn.mockRestore();
    }
    expect(seen.at(-1)).toMatchObject({ status: 'completed', loadKey: 'k', source: 'a file' });
  });

  it("checks its own table's deferred constraints at once, leaves the caller's alone, and defers its own again", async () => {
    await app.dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO others (id, n) VALUES (10, 11)');
      const loader = app.loader.for(Node).withManager(manager);
      expect(await loader.load([{ id: 1 }, { id: 2, parent: 7 }])).toMatchObject({
        inserted: 1,
        rejects: [{ position: 1, reason: '23503' }],
      });
      await manager.query('INSERT INTO nodes (id, parent) VALUES (3, 4)');
      await manager.query('INSERT INTO nodes (id) VALUES (4); INSERT INTO others (id) VALUES (11)');
    });
    expect([await app.count('nodes'), await app.count('others')]).toEqual([3, 4]);
  });
});

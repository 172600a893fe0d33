import 'reflect-metadata';

import fc from 'fast-check';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { StorageModule } from '../../../src/index.js';
import { startStorageAppAt } from '../app/storage-app.js';

// Run by a process of its own: in a test, process.env is a copy, and the zone of the process stays.

@Entity('loaded_moments')
class Loaded {
  @PrimaryColumn('integer')
  id: number;

  @Column('timestamp')
  moment: Date;

  @Column('date')
  day: Date;
}

@Entity('inserted_moments')
class Inserted extends Loaded {}

const MOMENTS = 50;
const date = (from: string, to: string) => fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true });
/** Most rules of zones changed in the last two centuries. */
const dates = fc.oneof(date('0001-02-01', '9999-12-01'), date('1840-01-01', '2040-01-01'));

const [url = '', seed = ''] = process.argv.slice(2);
const app = await startStorageAppAt(url, {}, [StorageModule.forFeature([Loaded, Inserted])]);
await app.dataSource.synchronize();
const zones = Intl.supportedValuesOf('timeZone');
const wrong: string[] = [];
for (const [index, zone] of zones.entries()) {
  process.env['TZ'] = zone;
  const moments = [
    new Date('1900-01-01T00:00:00Z'),
    ...fc.sample(dates, { numRuns: MOMENTS - 1, seed: Number(seed) + index }),
  ];
  const rows = moments.map((moment, id) => {
    const day = new Date(moment);
    day.setHours(0, 0, 0, 0);
    return { id, moment, day };
  });
  await app.rows('TRUNCATE loaded_moments, inserted_moments');
  const { inserted } = await app.loader.load(Loaded, rows);
  await app.dataSource.getRepository(Inserted).insert(rows);
  const differing = await app.rows<{ id: number; l: string; i: string }>(
    `SELECT id, concat(l.moment, ' ', l.day) AS l, concat(i.moment, ' ', i.day) AS i
       FROM inserted_moments AS i LEFT JOIN loaded_moments AS l USING (id)
      WHERE (l.moment, l.day) IS DISTINCT FROM (i.moment, i.day)`,
  );
  wrong.push(...differing.map(({ id, l, i }) => `${zone} ${moments[id]?.toISOString()}: ${l} loaded, ${i} by TypeORM`));
  if (inserted !== MOMENTS) wrong.push(`${zone}: ${inserted} of ${MOMENTS} stored`);
}
await app.close();
process.stdout.write(JSON.stringify({ zones: zones.length, moments: zones.length * MOMENTS, wrong }));

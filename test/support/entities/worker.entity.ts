import { isMainThread } from 'node:worker_threads';

import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An entity that worker threads import, too. */
@Entity('worked')
export class WorkedEntity {
  @PrimaryColumn('integer')
  id: number;

  /** The value `end` ends the worker thread. */
  @Column({
    type: 'text',
    nullable: true,
    transformer: { from: (value: unknown) => value, to: (value: unknown) => endsWorker(value) ?? value },
  })
  name: string | null;
}

function endsWorker(value: unknown): void {
  if (value === 'end' && !isMainThread) {
    process.exit(1);
  }
}

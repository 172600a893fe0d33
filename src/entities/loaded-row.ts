import { Column, CreateDateColumn } from 'typeorm';

import { ExtraFields, LoadId, UpdatedAt } from './column-roles.js';

/** The columns every loaded table has beside its own. */
export abstract class LoadedRow {
  /** Fields without a column, merged key by key. */
  @ExtraFields()
  @Column({ name: 'extra', type: 'jsonb', nullable: true })
  extra: Record<string, unknown> | null;

  /** The load that last wrote the row: `storage_loads.id`. */
  @LoadId()
  @Column({ name: 'load_id', type: 'uuid', nullable: true })
  loadId: string | null;

  /** When the row was inserted. */
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  /** When a load last changed the row; a load that changes nothing leaves it. */
  @UpdatedAt()
  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt: Date;
}

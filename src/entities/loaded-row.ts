import { Column, CreateDateColumn } from 'typeorm';

import { ExtraFields, LoadId, UpdatedAt } from './column-roles.js';

/** Columns that every loaded table has. */
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

  /** When a load last changed the row; unchanged rows keep it. */
  @UpdatedAt()
  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt: Date;
}

import type { OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { storageEntities } from '../entities/index.js';

/** A DataSource the application handed over as an instance. */
export class JoinedDataSource implements OnApplicationShutdown {
  private openedHere = false;

  constructor(private readonly dataSource: DataSource) {}

  /** Opens it where the application has not; only then can the entities of this package still be added. */
  async open(): Promise<DataSource> {
    if (!this.dataSource.isInitialized) {
      const given = this.dataSource.options.entities ?? [];
      const entities = Array.isArray(given) ? given : Object.values(given as object);
      this.dataSource.setOptions({ entities: [...new Set([...entities, ...storageEntities])] });
      await this.dataSource.initialize();
      this.openedHere = true;
    }
    return this.dataSource;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Who opened it closes it. */
  async close(): Promise<void> {
    if (this.openedHere && this.dataSource.isInitialized) {
      await this.dataSource.destroy();
    }
  }
}

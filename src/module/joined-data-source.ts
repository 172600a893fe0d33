import type { OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { storageEntities } from '../entities/index.js';

/** A DataSource instance owned by the application. */
export class JoinedDataSource implements OnApplicationShutdown {
  private openedHere = false;

  constructor(private readonly dataSource: DataSource) {}

  /** Opens it unless the application has done so; entities of this package can be added only before. */
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

  /** Closes it only if it was opened here. */
  async close(): Promise<void> {
    if (this.openedHere && this.dataSource.isInitialized) {
      await this.dataSource.destroy();
    }
  }
}

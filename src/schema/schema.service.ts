import { Injectable } from '@nestjs/common';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import { checkSchema, type SchemaReport } from './check-schema.js';

/** Tells where the entities of the DataSource and the live database differ. */
@Injectable()
export class SchemaService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Compares entities with their live tables; reads only.
   * @param entity - an entity or the name of its table. @default all entities of the DataSource
   * @throws InvalidLoadError when the DataSource has no such entity
   */
  async check(entity?: EntityTarget<ObjectLiteral>): Promise<SchemaReport> {
    return checkSchema(this.dataSource, entity);
  }
}

import { Injectable } from '@nestjs/common';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import { checkSchema, type SchemaReport } from './check-schema.js';
import { proposeColumns, type ProposeOptions } from './propose/propose-columns.js';
import { proposeWidening } from './propose/propose-widening.js';
import type { SchemaProposal } from './propose/schema-proposal.js';
import type { WideningProposal } from './propose/widening-proposal.js';

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

  /**
   * Looks at what the extra column of an entity has captured, and says which fields can be columns; reads only.
   * @param entity - an entity or the name of its table
   * @throws InvalidLoadError when the DataSource has no such entity, or it captures nothing
   * @example
   * const proposal = await schema.propose(Price);
   * await writeMigration(proposal, 'src/migrations');
   * console.log(proposal.entitySource().properties);
   */
  async propose(entity: EntityTarget<ObjectLiteral>, options: ProposeOptions = {}): Promise<SchemaProposal> {
    return proposeColumns(this.dataSource, entity, options);
  }

  /**
   * Looks at the refused records of an entity's table, and says which of its columns would have to take more, with the
   * evidence; reads only.
   * @param entity - an entity or the name of its table
   * @throws InvalidLoadError when the DataSource has no such entity, or the database no such table
   */
  async proposeWidening(entity: EntityTarget<ObjectLiteral>): Promise<WideningProposal> {
    return proposeWidening(this.dataSource, entity);
  }
}

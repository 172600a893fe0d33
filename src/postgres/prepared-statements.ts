import { createHash } from 'node:crypto';

import type { ClientBase } from 'pg';

import { forgetStatement } from './pipelining.js';

/** Each takes about 1 MB of the server's memory on every connection. */
const MAX_STATEMENTS = 8;

/** How a statement is sent. */
export interface Preparation {
  /** The name it is prepared under; undefined when it is not. */
  readonly name: string | undefined;
  /** A prepared statement to deallocate before. */
  readonly dropped: string | undefined;
}

/** It is not prepared. */
export const NOT_PREPARED: Preparation = { name: undefined, dropped: undefined };

/**
 * The statements that one connection keeps prepared, so that Postgres neither parses nor plans them again. A statement is
 * prepared when the connection sends it a second time. Through a pooler nothing is prepared: the next transaction may have
 * another server connection. The name is a hash of the text, so that it never stands for another statement.
 */
export class PreparedStatements {
  private static readonly all = new WeakMap<ClientBase, PreparedStatements>();
  /** Name of each statement, the one not sent for the longest time first; undefined when it was sent once. */
  private readonly names = new Map<string, string | undefined>();
  private isDirect: boolean | undefined;

  private constructor(private readonly client: ClientBase) {}

  static of(client: ClientBase): PreparedStatements {
    const known = this.all.get(client);
    if (known !== undefined) {
      return known;
    }
    const made = new PreparedStatements(client);
    this.all.set(client, made);
    return made;
  }

  /** Whether it is known that the connection has one server process for itself, or has not. */
  get knowsServer(): boolean {
    return this.isDirect !== undefined;
  }

  /** @param processId - of the server that has answered; a pooler tells its clients another one */
  noteServer(processId: number | undefined): void {
    this.isDirect = processId === (this.client as { processID?: number | null }).processID;
  }

  /** How to send a statement now. */
  prepare(text: string): Preparation {
    const { names, isDirect } = this;
    if (isDirect === false) {
      return NOT_PREPARED;
    }
    const mayName = isDirect === true && names.has(text);
    const name = names.get(text) ?? (mayName ? nameOf(text) : undefined);
    names.delete(text);
    names.set(text, name);
    return { name, dropped: names.size > MAX_STATEMENTS ? this.dropOldest() : undefined };
  }

  /** Prepares nothing any more: somebody else deallocates what this connection has prepared. */
  stop(): void {
    this.isDirect = false;
  }

  private dropOldest(): string | undefined {
    const [[text, name] = []] = this.names;
    this.names.delete(text as string);
    if (name !== undefined) {
      forgetStatement(this.client, name);
    }
    return name;
  }
}

function nameOf(text: string): string {
  return `harbor_${createHash('sha256').update(text).digest('base64url')}`;
}

/** What the shutdown needs of a buffer. */
interface Closable {
  close(): Promise<void>;
}

/** The buffers of a module that hold records; an empty one is left to its owner, who may forget it. */
export class HoldingBuffers {
  private readonly holding = new Set<Closable>();
  private isShutDown = false;

  /** No buffer of the module takes another record. */
  get isClosed(): boolean {
    return this.isShutDown;
  }

  add(buffer: Closable): void {
    this.holding.add(buffer);
  }

  remove(buffer: Closable): void {
    this.holding.delete(buffer);
  }

  /** Closes all buffers, and resolves when their records are loaded. */
  async close(): Promise<void> {
    this.isShutDown = true;
    await Promise.all(Array.from(this.holding, (buffer) => buffer.close()));
  }
}

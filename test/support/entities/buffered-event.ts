import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('events')
export class BufferedEvent {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  n: number | null;

  @Column('text', { default: 'new' })
  state: string;
}

/** What became of each promise: the outcome, or the code of the error. */
export async function fates(promises: readonly Promise<{ readonly outcome: string }>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((fate) =>
    fate.status === 'fulfilled' ? fate.value.outcome : (fate.reason as { readonly code: string }).code,
  );
}

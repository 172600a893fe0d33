/** A code example of a page: one TypeScript module. */
export interface Example {
  /** Name of its file, by which other examples import it. */
  readonly name: string;
  readonly source: string;
}

const MARKED = /<!-- example: (\S+) -->\s+```ts\n([\s\S]+?)```/g;

/** The examples of a page. `npm run check:consumer` compiles all of them and runs `main` and the specs. */
export function examplesIn(page: string): Example[] {
  return Array.from(page.matchAll(MARKED), ([, name, source]) => ({ name: name as string, source: source as string }));
}

/** How many blocks of TypeScript a page has, marked or not. */
export function countTypeScriptBlocks(page: string): number {
  return page.match(/^\s*```(?:ts|typescript)$/gm)?.length ?? 0;
}

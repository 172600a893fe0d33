import type { ConsoleContext } from '../console-context.js';
import type { Visit } from '../http/visit.js';

/** The tables, of the given ones, of which the user may see the content of rejected records. */
export async function tablesSeen(
  { settings: { canSee } }: ConsoleContext,
  { request }: Visit,
  tables: readonly { readonly table: string }[],
): Promise<ReadonlySet<string>> {
  const names = [...new Set(tables.map(({ table }) => table))];
  // Only true is a permission: an application without types may return anything.
  const answers = await Promise.all(names.map(async (name) => (await canSee(request, name)) === true));
  return new Set(names.filter((_, index) => answers[index]));
}

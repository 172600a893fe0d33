/** A string as a TypeScript literal in single quotes. */
export function toLiteral(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", String.raw`\'`);
  return `'${inner.replaceAll('\u2028', String.raw`\u2028`).replaceAll('\u2029', String.raw`\u2029`)}'`;
}

/** The words of a name, capitalised: `app_opportunities` → `AppOpportunities`. */
export function toPascalCase(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') || 'Table';
}

/** The words of a name for a file name: `App Opportunities` → `app-opportunities`. */
export function toKebabCase(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words.join('-').toLowerCase() || 'table';
}

/** A list in square brackets in the format of this project: on one line if it fits into 120 columns. */
export function toListText(before: string, items: readonly string[], after: string): string {
  const line = `${before}[${items.join(', ')}]${after}`;
  return line.length <= 120 ? line : `${before}[\n${items.map((item) => `  ${item},\n`).join('')}]${after}`;
}

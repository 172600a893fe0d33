/** A Markdown table with aligned columns, as the formatter writes it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll('|', String.raw`\|`)));
  const widths = head.map((name, column) =>
    Math.max(3, ...[[name], ...escapedColumn(escaped, column)].flat().map(len)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `${[line(head), rule, ...escaped.map(line)].join('\n')}\n`;
}

function escapedColumn(rows: readonly (readonly string[])[], column: number): string[] {
  return rows.map((row) => row[column] ?? '');
}

function len(text: string): number {
  return text.length;
}

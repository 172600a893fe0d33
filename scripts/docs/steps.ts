/** What a reader of a page does, in order. */
export type Step =
  | { readonly kind: 'run'; readonly commands: string }
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  /** Lines that the commands before them print. */
  | { readonly kind: 'output'; readonly lines: readonly string[] };

const PART = /<!-- steps -->([\s\S]*?)<!-- \/steps -->/g;
const BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm;
/** The sentence before a block ends in the name of its file: "The entity, `src/price.entity.ts`:". */
const FILE = /`([^`\s]+)`:\s*$/;

/** The steps between the marks of a page: commands, files to write, and output. `npm run check:consumer` does them. */
export function stepsIn(page: string): Step[] {
  return Array.from(page.matchAll(PART), ([, part]) => stepsOfPart(part as string)).flat();
}

/** The page without these parts. */
export function withoutSteps(page: string): string {
  return page.replaceAll(PART, '');
}

function stepsOfPart(part: string): Step[] {
  let end = 0;
  return Array.from(part.matchAll(BLOCK), ({ index, 0: block, 1: language, 2: content = '' }) => {
    const before = part.slice(end, index);
    end = index + block.length;
    switch (language) {
      case 'sh':
        return { kind: 'run', commands: content };
      case 'text':
        return { kind: 'output', lines: content.split('\n').filter((line) => line.trim() !== '') };
      default:
        return { kind: 'file', path: fileBefore(before, content), content };
    }
  });
}

function fileBefore(text: string, content: string): string {
  const [, path] = FILE.exec(text) ?? [];
  if (path === undefined) {
    throw new Error(`no file is named before this block:\n${content}`);
  }
  return path;
}

/** The steps as one program of bash, which ends at the first mistake; `output` compares what was printed. */
export function scriptOf(steps: readonly Step[]): string {
  const start = ['set -euo pipefail', 'printed=$(mktemp)', `trap '[ $? = 0 ] || cat "$printed" >&2' EXIT`];
  return [...start, ...steps.map(toBash)].join('\n');
}

function toBash(step: Step): string {
  switch (step.kind) {
    case 'run':
      return `{ ${step.commands}} > "$printed"`;
    case 'file':
      return `mkdir -p "$(dirname ${quoted(step.path)})"\nprintf %s ${quoted(step.content)} > ${quoted(step.path)}`;
    case 'output':
      return step.lines
        .map(
          (line) =>
            `grep -qxF -- ${quoted(line)} "$printed" || { echo ${quoted(`not printed: ${line}`)} >&2; exit 1; }`,
        )
        .join('\n');
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { ROOT } from './pages.js';

/** Class name, or `Class.property`, → its doc comment, of everything in `src/entities`. */
export function entityComments(): ReadonlyMap<string, string> {
  const folder = join(ROOT, 'src/entities');
  const comments = new Map<string, string>();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8');
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true);
    for (const node of source.statements.filter(ts.isClassDeclaration)) {
      const className = node.name?.text ?? '';
      comments.set(className, commentOf(node));
      for (const member of node.members.filter(ts.isPropertyDeclaration)) {
        comments.set(`${className}.${member.name.getText()}`, commentOf(member));
      }
    }
  }
  return comments;
}

function commentOf(node: ts.Node): string {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ').trim();
}

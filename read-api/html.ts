import { createHash } from 'node:crypto';
import helmet from 'helmet';

export const escaped = (text: unknown): string =>
  String(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d7dbe0, #3a3f47); --soft: light-dark(#f5f6f8, #1e2228); --ink: light-dark(#1b1f24, #e6e8eb); --dim: light-dark(#59616b, #9aa3ad); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.25rem 4rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: light-dark(#fff, #14171b); }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
nav ul { columns: 18rem; padding-left: 1.2rem; } a { color: light-dark(#0b57c2, #7cb0ff); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: 0 1rem; } details[open] { padding-bottom: 1rem; }
summary { cursor: pointer; padding: .6rem 0; } code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); } th { color: var(--dim); font-weight: 600; }
.method { display: inline-block; min-width: 4.2rem; font: 700 .8rem ui-monospace, monospace; } .dim { color: var(--dim); }
`;

/** Allows a page nothing but its style: no script, nothing loaded, no frame. */
export const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: [`'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
});

/** Returns a page of HTML that needs nothing else: no script, no font, no picture. @param body HTML */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body>
${body}
</body>
</html>
`;

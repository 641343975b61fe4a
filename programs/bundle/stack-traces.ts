/**
 * Makes stack traces of a bundle name the sources. A source map is read when a stack trace needs it: `node
 * --enable-source-maps` reads all maps at the start, which takes 0.1 s.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

const DIST = new URL('./', import.meta.url).href;
const PLACE = new RegExp(`${RegExp.escape(DIST)}([^/:]+):(\\d+):(\\d+)`, 'g');

const maps = new Map<string, SourceMap | undefined>();

const mapOf = (file: string): SourceMap | undefined => {
  if (!maps.has(file)) {
    maps.set(file, undefined);
    try {
      maps.set(file, new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`, DIST), 'utf8'))));
    } catch {
      // The place in the bundle is better than no stack trace.
    }
  }
  return maps.get(file);
};

const format = Error.prepareStackTrace;
if (format)
  Error.prepareStackTrace = (error, frames) =>
    String(format(error, frames)).replaceAll(PLACE, (place, file, line, column) => {
      const origin = mapOf(file)?.findOrigin(Number(line), Number(column));
      return origin && 'fileName' in origin
        ? `${new URL(origin.fileName, DIST).href}:${origin.lineNumber}:${origin.columnNumber}`
        : place;
    });

import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Loaded before a program (`node --import`): keeps compiled code, types stripped, so that later starts take half the time and 40 MB less.
 * Plain JavaScript: what strips types takes 0.1 s and 17 MB to load, and nothing in the cache needs it.
 */
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/plaza', import.meta.url)));
const folder = getCompileCacheDir();
if (folder) process.env.NODE_COMPILE_CACHE = folder;

import type { WriteSideContext } from './kernel/context.ts';
import { parking } from './parking/index.ts';

/** Every context's write side. */
export const writeSideContexts: readonly WriteSideContext[] = [parking];

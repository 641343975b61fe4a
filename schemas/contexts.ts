import type { ContextSchema } from './kernel/context.ts';
import { parking } from './parking.ts';

/** Every context that Plaza knows, in the order in which they are shown. */
export const contextSchemas: readonly ContextSchema[] = [parking];
